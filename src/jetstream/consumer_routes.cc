// CONSUMER.*: each request is answered by the consumers of its stream, where the stream lives; what they have decided, when it is
// committed.
#include <fmt/core.h>

#include "jetstream/api.h"
#include "jetstream/api_errors.h"
#include "jetstream/consumers.h"
#include "runtime/completion.h"

namespace firth::jetstream {
namespace {

using broker::StreamPlace;
using runtime::Task;

using Work = std::string (StreamConsumers::*)(const ApiRequest& request);
enum class Kind : bool { kQuestion, kDecision };

// Whoever gets the answer to a decision may pull and acknowledge from any shard: by then all of them route to the stream.
Task<bool> settle(broker::Stream& stream, broker::Router& router) {
  runtime::Completion<> committed;
  stream.flush();
  stream.partition().when_committed([fulfil = committed.fulfiller()](const Result<void>& result) mutable { fulfil(result); });
  const bool done = (co_await committed).ok();
  co_await router.settle();
  co_return done;
}

Task<std::string> work_at_home(ApiShard home, StreamPlace place, Work work, Kind kind, ApiRequest request) {
  broker::Stream* stream = home.streams->open(*place.topic, place.index);
  StreamConsumers* consumers = stream == nullptr ? nullptr : home.consumers->find(*stream);
  if (consumers == nullptr) co_return error_response(request.type, {ApiErrorName::kStreamNotFound});
  std::string answer = (consumers->*work)(request);
  if (kind == Kind::kDecision && !co_await settle(*stream, *home.router)) co_return "";  // the journal has failed: nothing holds
  co_return answer;
}

template <Work work, Kind kind>
Task<std::string> answer(Api& api, ApiRequest request) {
  const auto place = find_stream(api.broker().catalog(), broker::kDefaultAccount, request.tokens.front());
  if (!place.has_value()) co_return error_response(request.type, {ApiErrorName::kStreamNotFound});
  const ApiShard& home = api.home(*place);
  co_return co_await broker::on_shard<std::string>(api.broker().shard(), home.streams->broker().shard(),
                                                   [&home, place = *place, request = std::move(request)]() mutable {
                                                     return work_at_home(home, place, work, kind, std::move(request));
                                                   });
}

Task<bool> is_open(ApiShard home, StreamPlace place) { co_return home.streams->find(place.topic->partition(place.index)) != nullptr; }

// A stream that is open answers for itself, and one that JetStream made always is. Whoever pulls from a consumer that is nowhere is told
// that nobody responds.
Task<std::string> answer_pull(Api& api, ApiRequest request) {
  if (const auto place = find_stream(api.broker().catalog(), broker::kDefaultAccount, request.tokens.front()); place.has_value()) {
    if (place->topic->config.origin == broker::Origin::kNats) co_return "";
    const ApiShard& home = api.home(*place);
    if (co_await broker::on_shard<bool>(api.broker().shard(), home.streams->broker().shard(),
                                        [&home, place = *place] { return is_open(home, place); }))
      co_return "";
  }
  const std::string status =
      status_block("503", fmt::format("Nats-Subject: $JS.API.CONSUMER.MSG.NEXT.{}.{}\r\n", request.tokens.front(), request.tokens.back()));
  api.router().publish(
      broker::kGlobalAccount,
      {.subject = request.reply, .reply = {}, .header_bytes = static_cast<std::uint32_t>(status.size()), .payload = status});
  co_return "";
}

constexpr ApiRoute kRoutes[] = {
    {"CONSUMER.CREATE.*", "consumer_create_response", answer<&StreamConsumers::create, Kind::kDecision>},
    {"CONSUMER.CREATE.*.>", "consumer_create_response", answer<&StreamConsumers::create, Kind::kDecision>},
    {"CONSUMER.DURABLE.CREATE.*.*", "consumer_create_response", answer<&StreamConsumers::create_durable, Kind::kDecision>},
    {"CONSUMER.NAMES.*", "consumer_names_response", answer<&StreamConsumers::names, Kind::kQuestion>},
    {"CONSUMER.LIST.*", "consumer_list_response", answer<&StreamConsumers::list, Kind::kQuestion>},
    {"CONSUMER.INFO.*.*", "consumer_info_response", answer<&StreamConsumers::info, Kind::kQuestion>},
    {"CONSUMER.DELETE.*.*", "consumer_delete_response", answer<&StreamConsumers::remove, Kind::kDecision>},
    {"CONSUMER.MSG.NEXT.*.*", "consumer_getnext_response", answer_pull},
};

}  // namespace

std::span<const ApiRoute> consumer_routes() { return kRoutes; }

}  // namespace firth::jetstream
