// ApiVersions reports the handlers that exist.
#include "kafka/handlers/api_versions.h"

namespace firth::kafka {
namespace {

// librdkafka looks for Produce 0 to know whether a broker takes compressed batches; Kafka 4 advertises it for that (KAFKA-18659), and
// closes the connection of whoever uses it.
constexpr std::int16_t kAdvertisedProduceMin = 0;

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

runtime::Task<ApiVersionsResponse> ApiVersions::handle(const Context&, ApiVersionsRequest) { co_return describe(); }

Reply ApiVersions::refuse_version(const RequestHeader& header) {
  RequestHeader as_version_0 = header;
  as_version_0.api_version = 0;
  ApiVersionsResponse response = describe();
  response.error_code = ErrorCode::kUnsupportedVersion;
  return encode_reply(as_version_0, response);
}

}  // namespace firth::kafka
