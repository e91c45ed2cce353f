// ApiVersions reports the handlers that exist.
#include "kafka/handlers/api_versions.h"

#include <algorithm>
#include <string_view>

namespace firth::kafka {
namespace {

// librdkafka looks for Produce 0 to know whether a broker takes compressed batches; Kafka 4 advertises it for that (KAFKA-18659), and
// closes the connection of whoever uses it.
constexpr std::int16_t kAdvertisedProduceMin = 0;

// KIP-511: letters, digits, '-' and '.', the first and the last of them a letter or a digit.
bool is_legal_name(std::string_view name) {
  const auto is_alphanumeric = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && is_alphanumeric(name.front()) && is_alphanumeric(name.back()) &&
         std::ranges::all_of(name, [&](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

ApiVersionsResponse describe() {
  ApiVersionsResponse response;
  for (const HandlerRow& row : handlers()) {
    auto& api = response.api_keys.emplace_back();
    api.api_key = static_cast<std::int16_t>(row.api.key);
    api.min_version = row.api.key == ApiKey::kProduce ? kAdvertisedProduceMin : row.api.min;
    api.max_version = row.api.max;
  }
  return response;
}

}  // namespace

runtime::Task<ApiVersionsResponse> ApiVersions::handle(const Context& context, ApiVersionsRequest request) {
  const bool is_named = context.api_version >= 3;
  if (is_named && !(is_legal_name(request.client_software_name) && is_legal_name(request.client_software_version))) {
    ApiVersionsResponse refusal;
    refusal.error_code = ErrorCode::kInvalidRequest;
    co_return refusal;
  }
  co_return describe();
}

Reply ApiVersions::refuse_version(const RequestHeader& header) {
  RequestHeader as_version_0 = header;
  as_version_0.api_version = 0;
  ApiVersionsResponse response = describe();
  response.error_code = ErrorCode::kUnsupportedVersion;
  return encode_reply(as_version_0, response);
}

}  // namespace firth::kafka
