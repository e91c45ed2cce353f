#include "jetstream/capture.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "broker/header_block.h"
#include "broker/null_value.h"
#include "jetstream/answer.h"
#include "jetstream/api_errors.h"
#include "log/key_partition.h"

namespace firth::jetstream {
namespace {

using broker::PublishOutcome;
using broker::Refusal;

constexpr std::uint64_t kStore = 0, kDirectGet = 1;

// What is no number is 0, which no message has, as there.
std::optional<Sequence> sequence_of(std::optional<std::string_view> text) {
  std::uint64_t value = 0;
  if (!text.has_value()) return std::nullopt;
  const auto [rest, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  return Sequence(error == std::errc{} && rest == text->data() + text->size() ? value : 0);
}

broker::Rollup rollup_of(std::optional<std::string_view> header) {
  if (!header.has_value()) return broker::Rollup::kNone;
  return *header == "sub" ? broker::Rollup::kSubject : *header == "all" ? broker::Rollup::kAll : broker::Rollup::kUnknown;
}

ApiError error_of(const PublishOutcome& outcome) {
  switch (outcome.refusal) {
    case Refusal::kWrongLastSequence:
      return {ApiErrorName::kWrongLastSequence, fmt::format("{}", outcome.last.value())};
    case Refusal::kWrongLastId:
      return {ApiErrorName::kWrongLastId, outcome.text};
    case Refusal::kMessageTooLarge:
      return {ApiErrorName::kMessageTooLarge};
    case Refusal::kFull:
      return {ApiErrorName::kStoreFailed, "maximum messages exceeded"};
    case Refusal::kFullBytes:
      return {ApiErrorName::kStoreFailed, "maximum bytes exceeded"};
    case Refusal::kFullSubject:
      return {ApiErrorName::kStoreFailed, "maximum messages per subject exceeded"};
    case Refusal::kSealed:
      return {ApiErrorName::kSealed};
    case Refusal::kRollupDenied:
      return {ApiErrorName::kRollupFailed, outcome.text};
    case Refusal::kBehind:
      return {ApiErrorName::kTooManyRequests};
    case Refusal::kStorage:
    case Refusal::kNone:
      break;
  }
  return {ApiErrorName::kStoreFailed, outcome.text};
}

std::string refusal_json(std::string_view stream, const ApiError& error) {
  return fmt::format(R"({{"error":{},"stream":"{}","seq":0}})", error_json(error), stream);
}

// In headers beside the answer's body, as the real server does whose queue of messages to store is full.
std::string_view status_of(const PublishOutcome& outcome) {
  return outcome.refusal == Refusal::kBehind ? "NATS/1.0 429 Too Many Requests\r\n\r\n" : std::string_view();
}

std::string answer_of(std::string_view stream, const PublishOutcome& outcome) {
  if (outcome.refusal != Refusal::kNone) return refusal_json(stream, error_of(outcome));
  return fmt::format(R"({{"stream":"{}","seq":{}{}}})", stream, outcome.sequence.value(), outcome.duplicate ? R"(,"duplicate": true)" : "");
}

// Docs/one-log.md, "Names": "T" and "T@p" name the stream of each partition.
bool is_name_of(const broker::Stream& stream, std::string_view name) {
  const std::string base = broker::stream_name(stream.topic().name, PartitionIndex(0));
  return name == stream.name() || name == base || name == fmt::format("{}@{}", base, stream.partition().key().partition.value());
}

}  // namespace

Capture::Capture(broker::Stream& stream, broker::Router& router) : stream_(stream), router_(router), direct_gets_(stream, router) {
  subscribe();
}

Capture::~Capture() {
  for (const auto id : subscriptions_) router_.unsubscribe(id);
}

void Capture::subscribe() {
  std::vector<std::string> filters = stream_.config().subjects;
  const std::size_t stored = filters.size();
  if (stream_.config().allow_direct) {
    filters.push_back(std::string(kDirectGetPrefix) + stream_.name());
    filters.push_back(filters.back() + ".>");
  }
  if (filters == filters_) return;
  for (const auto id : std::exchange(subscriptions_, {})) router_.unsubscribe(id);
  for (std::size_t i = 0; i < filters.size(); ++i)
    subscriptions_.push_back(router_.subscribe(broker::kGlobalAccount, *this, i < stored ? kStore : kDirectGet, filters[i]));
  filters_ = std::move(filters);
}

broker::Pressure Capture::deliver(const broker::Message& message, std::uint64_t tag) {
  tag == kStore ? store(message) : direct_gets_.answer(message);
  return broker::Pressure::kNone;
}

// A message that a topic of several partitions captures is stored by that one where a Kafka producer would put its key. Each has a
// subscription of its own; the others let it pass.
bool Capture::is_ours(std::string_view subject) const {
  const auto count = static_cast<std::int32_t>(stream_.topic().partitions.size());
  return count == 1 || log::partition_of_key(as_bytes(stream_.key_of(subject)), count) == stream_.partition().key().partition;
}

// Headers that ask for what is not served: the message is not stored without it.
std::optional<ApiError> Capture::check_headers(std::string_view headers) const {
  struct Row {
    std::string_view header;
    ApiErrorName error;
  };
  static constexpr Row kNotServed[] = {{"Nats-Incr", ApiErrorName::kCountersDisabled},
                                       {"Nats-TTL", ApiErrorName::kTtlDisabled},
                                       {"Nats-Schedule", ApiErrorName::kSchedulesDisabled},
                                       {"Nats-Batch-Id", ApiErrorName::kAtomicDisabled}};
  const auto header = [&](std::string_view name) { return broker::find_header(headers, name); };
  for (const Row& row : kNotServed)
    if (header(row.header).has_value()) return ApiError{row.error};
  if (const auto expected = header("Nats-Expected-Stream"); expected.has_value() && !is_name_of(stream_, *expected))
    return ApiError{ApiErrorName::kWrongStream};
  if (header("Nats-Expected-Last-Subject-Sequence-Subject").has_value() && !header("Nats-Expected-Last-Subject-Sequence").has_value())
    return ApiError{ApiErrorName::kExpectedSubjectAlone};
  return std::nullopt;
}

void Capture::store(const broker::Message& message) {
  if (!is_ours(message.subject)) return;
  const std::string_view headers = message.headers();
  const std::string_view reply = stream_.config().no_ack ? std::string_view() : message.reply;
  std::string unmarked;
  broker::PublishRequest request;
  request.subject = message.subject;
  request.headers = headers;
  request.payload = message.body();
  if (!headers.empty()) {
    if (const auto error = check_headers(headers)) return (void)send_answer(router_, reply, {}, refusal_json(stream_.name(), *error));
    const auto header = [&](std::string_view name) { return broker::find_header(headers, name); };
    request.message_id = header("Nats-Msg-Id").value_or("");
    request.expected_last = sequence_of(header("Nats-Expected-Last-Sequence"));
    request.expected_last_of_subject = sequence_of(header("Nats-Expected-Last-Subject-Sequence"));
    request.expected_subject = header("Nats-Expected-Last-Subject-Sequence-Subject").value_or("");
    request.expected_last_id = header("Nats-Expected-Last-Msg-Id");
    request.rollup = rollup_of(header("Nats-Rollup"));
    const broker::Keeps keeps = stream_.is_bucket() ? broker::Keeps::kKeys : broker::Keeps::kMessages;
    request.null_value = request.payload.empty() && broker::asks_for_null_value(headers, keeps);
    if (request.null_value && keeps == broker::Keeps::kMessages) request.headers = unmarked = broker::without_null_mark(headers);
  }
  stream_.publish(request, [&router = router_, &stream = stream_, reply = std::string(reply)](const PublishOutcome& outcome) {
    // The stream outlives what was published to it.
    if (!reply.empty()) send_answer(router, reply, status_of(outcome), answer_of(stream.name(), outcome));
  });
}

}  // namespace firth::jetstream
