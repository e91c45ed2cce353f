#include "jetstream/api.h"

#include <algorithm>
#include <utility>

#include "jetstream/api_errors.h"
#include "jetstream/api_level.h"
#include "subject/match.h"
#include "subject/syntax.h"

namespace firth::jetstream {
namespace {

constexpr std::string_view kPrefix = "$JS.API.";
// Answered by the stream itself: capture.h, consumers.h.
constexpr std::string_view kDirect = "DIRECT.";
constexpr std::string_view kPull = "CONSUMER.MSG.NEXT.";

std::vector<std::string> wildcards_of(std::string_view filter, std::string_view subject) {
  std::vector<std::string> found;
  subject::TokenCursor pattern(filter);
  subject::TokenCursor actual(subject);
  while (pattern.next() && actual.next()) {
    if (pattern.token() == subject::kAnyToken) found.emplace_back(actual.token());
    if (pattern.token() != subject::kAnyRest) continue;
    found.emplace_back(actual.token());
    if (!actual.last()) found.back() += "." + std::string(actual.rest());
    break;
  }
  return found;
}

}  // namespace

Api::Api(broker::ShardBroker& broker, std::vector<ApiShard> shards)
    : broker_(broker), shards_(std::move(shards)), router_(*shards_[broker.shard().index.value()].router) {
  add_routes(stream_routes());
  add_routes(consumer_routes());
  subscription_ = router_.subscribe(broker::kGlobalAccount, *this, 0, "$JS.API.>", "_firth_api");
}

void Api::stop() { router_.unsubscribe(subscription_); }

const ApiShard& Api::home(const broker::StreamPlace& place) {
  const GroupId group = place.topic->partitions[static_cast<std::size_t>(place.index.value())];
  return shards_[broker_.broker().home(group).shard().index.value()];
}

broker::Pressure Api::deliver(const broker::Message& message, std::uint64_t) {
  const std::string_view name = message.subject.substr(kPrefix.size());
  if (name.starts_with(kDirect) || message.reply.empty() || broker_.shard().tasks.closed()) return broker::Pressure::kNone;
  const auto route = std::find_if(routes_.begin(), routes_.end(), [&](const ApiRoute& r) { return subject::matches(r.filter, name); });
  if (route == routes_.end()) {
    answer(std::string(message.reply), error_response("system_response", {ApiErrorName::kBadRequest}));
    return broker::Pressure::kNone;
  }
  if (asks_for_higher_level(message.headers()) && !name.starts_with(kPull)) {
    answer(std::string(message.reply), error_response(route->type, {ApiErrorName::kRequiredApiLevel}));
    return broker::Pressure::kNone;
  }
  ApiRequest request{.type = std::string(route->type),
                     .tokens = wildcards_of(route->filter, name),
                     .body = std::string(message.body()),
                     .reply = std::string(message.reply)};
  broker_.shard().tasks.spawn(run(route->handler, std::move(request)));
  return broker::Pressure::kNone;
}

runtime::Task<> Api::run(ApiHandler handler, ApiRequest request) {
  const std::string reply = request.reply;
  const std::string response = co_await handler(*this, std::move(request));
  if (!response.empty()) answer(reply, response);
}

void Api::answer(const std::string& reply, std::string_view body) {
  router_.publish(broker::kGlobalAccount, {.subject = reply, .reply = {}, .header_bytes = 0, .payload = body, .block = nullptr});
}

}  // namespace firth::jetstream
