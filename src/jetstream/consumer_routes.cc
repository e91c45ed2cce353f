// Consumer routes: the $JS.API subjects of consumers, and the acknowledgements that clients send back.
#include "jetstream/api_errors.h"
#include "jetstream/consumers.h"

namespace firth::jetstream {
namespace {

bool is_there(Api& api, const ApiRequest& request) {
  return broker::find_stream(api.broker().catalog(), broker::kDefaultAccount, request.tokens.front()).has_value();
}

runtime::Task<std::string> answer(Api& api, ApiRequest request) {
  if (is_there(api, request)) co_return "";
  co_return error_response(request.type, {ApiErrorName::kStreamNotFound});
}

// Whoever pulls from a consumer that is nowhere is told that nobody responds.
runtime::Task<std::string> answer_pull(Api& api, ApiRequest request) {
  if (is_there(api, request)) co_return "";
  const std::string status = status_block("503");
  api.router().publish(
      broker::kGlobalAccount,
      {.subject = request.reply, .reply = {}, .header_bytes = static_cast<std::uint32_t>(status.size()), .payload = status});
  co_return "";
}

constexpr ApiRoute kRoutes[] = {
    {"CONSUMER.CREATE.*", "consumer_create_response", answer},
    {"CONSUMER.CREATE.*.>", "consumer_create_response", answer},
    {"CONSUMER.DURABLE.CREATE.*.*", "consumer_create_response", answer},
    {"CONSUMER.NAMES.*", "consumer_names_response", answer},
    {"CONSUMER.LIST.*", "consumer_list_response", answer},
    {"CONSUMER.INFO.*.*", "consumer_info_response", answer},
    {"CONSUMER.DELETE.*.*", "consumer_delete_response", answer},
    {"CONSUMER.MSG.NEXT.*.*", "consumer_getnext_response", answer_pull},
};

}  // namespace

std::span<const ApiRoute> consumer_routes() { return kRoutes; }

}  // namespace firth::jetstream
