#include "jetstream/direct_get.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <utility>

#include "jetstream/answer.h"
#include "jetstream/api_level.h"

namespace firth::jetstream {
namespace {

using namespace std::chrono_literals;
using broker::Pressure;
using broker::StoredMessage;

constexpr auto kPause = 2ms;  // while every receiver has a backlog

// The status if it cannot be read; fields that nobody knows are passed over.
std::string_view read_request(std::string_view body, MessageQuery& to) {
  const auto members = parse_object(body);
  if (!members.has_value()) return "408 Malformed Request";
  const auto read_query = by_fields<MessageQuery>(message_query_fields(), to);
  for (const auto& [key, value] : *members)
    if (!value.is_null() && read_query(key, value) == Taken::kWrongValue) return "408 Malformed Request";
  return {};
}

// Behind a subject nothing may be said but how it is to be answered.
bool says_more_than_a_subject(const MessageQuery& asked) {
  return !asked.is_empty() || !asked.each_last.empty() || asked.batch > 0 || asked.up_to > 0 || asked.up_to_ns.has_value();
}

bool is_contradictory(const MessageQuery& asked) {
  const bool last = !asked.last.empty(), each_last = !asked.each_last.empty();
  return asked.is_contradictory() || (last && (asked.batch > 0 || each_last)) || (!asked.next.empty() && each_last) ||
         (asked.up_to > 0 && asked.up_to_ns.has_value());
}

// The message's own headers, and its place; what comes behind that is "" or header lines.
std::string headers_of(const broker::Stream& stream, const StoredMessage& message, std::string_view more = {}) {
  const std::string own = message.headers.empty() ? "NATS/1.0\r\n" : message.headers.substr(0, message.headers.size() - 2);
  return fmt::format("{}Nats-Stream: {}\r\nNats-Subject: {}\r\nNats-Sequence: {}\r\nNats-Time-Stamp: {}\r\n{}\r\n", own, stream.name(),
                     message.subject, message.sequence.value(), format_time(message.time_ns), more);
}

std::string place_in_batch(std::uint64_t pending, Sequence last) {
  return fmt::format("Nats-Num-Pending: {}\r\nNats-Last-Sequence: {}\r\n", pending, last.value());
}

std::string end_of_batch(std::string_view lines) { return fmt::format("NATS/1.0 204 EOB\r\n{}\r\n", lines); }

std::uint64_t bytes_of(const StoredMessage& message) { return message.subject.size() + message.headers.size() + message.payload.size(); }

broker::SubjectFilters filters_of(const MessageQuery& asked) {
  return asked.next.empty() ? broker::SubjectFilters() : broker::SubjectFilters{asked.next};
}

}  // namespace

void DirectGets::refuse(std::string_view reply, std::string_view status) {
  send_answer(router_, reply, fmt::format("NATS/1.0 {}\r\n\r\n", status), {});
}

void DirectGets::answer(const broker::Message& request) {
  const std::string_view reply = request.reply;
  if (reply.empty()) return;
  const std::string_view rest = request.subject.substr(kDirectGetPrefix.size() + stream_.name().size());
  const std::string_view subject = rest.empty() ? rest : rest.substr(1);
  if (asks_for_higher_level(request.headers())) return refuse(reply, "412 Required Api Level");
  MessageQuery asked;
  if (request.body().empty() && subject.empty()) return refuse(reply, "408 Empty Request");
  if (const std::string_view wrong = read_request(request.body(), asked); !wrong.empty()) return refuse(reply, wrong);
  if (!subject.empty() && says_more_than_a_subject(asked)) return refuse(reply, "408 Bad Request");
  if (!subject.empty()) asked.last = subject;
  if (asked.is_empty() && asked.each_last.empty()) return refuse(reply, "408 Empty Request");
  if (is_contradictory(asked)) return refuse(reply, "408 Bad Request");
  if (!asked.each_last.empty()) return send_last_of_each(asked, reply);
  if (asked.batch > 0) return begin_batch(std::move(asked), reply);
  send_one(asked, reply);
}

void DirectGets::send_one(const MessageQuery& asked, std::string_view reply) {
  const auto found = asked.find(stream_);
  if (!found.ok() || !found->has_value()) return refuse(reply, "404 Message Not Found");
  send_answer(router_, reply, asked.no_headers ? std::string() : headers_of(stream_, **found), as_text((**found).payload));
}

// In one turn: a key that is overwritten meanwhile would be neither in its old place nor in its new one.
void DirectGets::send_last_of_each(const MessageQuery& asked, std::string_view reply) {
  const broker::StreamCounts counts = stream_.counts();
  if (Sequence(asked.up_to) > counts.last) return refuse(reply, "404 No Results");  // as nats-server 2.15 says
  Sequence up_to = asked.up_to > 0 ? Sequence(asked.up_to) : counts.last;
  if (asked.up_to_ns.has_value()) {
    const Sequence end = stream_.first_at(*asked.up_to_ns);
    if (end <= counts.first) return refuse(reply, "404 No Results");
    up_to = end - 1;
  }
  const auto found = stream_.last_per_subject(asked.each_last, {.up_to = up_to, .at_most = kMostSubjects});
  if (found.size() > kMostSubjects) return refuse(reply, "413 Too Many Results");
  if (found.empty()) return refuse(reply, "404 No Results");
  const std::uint64_t most_bytes = asked.max_bytes == 0 ? kMostLastBytes : std::min(asked.max_bytes, kMostLastBytes);
  std::uint64_t sent = 0, sent_bytes = 0, pending = found.size();
  Sequence last{0};
  for (const Sequence sequence : found) {
    --pending;
    if (sequence < Sequence(asked.sequence)) continue;
    const auto message = stream_.get(sequence);
    if (!message.ok() || !message->has_value()) return refuse(reply, "404 Message Not Found");
    send_answer(router_, reply, headers_of(stream_, **message, place_in_batch(pending, last)), as_text((**message).payload));
    last = sequence;
    sent_bytes += bytes_of(**message);
    if (sent_bytes >= most_bytes || ++sent == asked.batch) break;
  }
  send_answer(router_, reply, end_of_batch(place_in_batch(pending, last) + fmt::format("Nats-UpTo-Sequence: {}\r\n", up_to.value())), {});
}

// --- Batches: some messages a turn. ---

void DirectGets::begin_batch(MessageQuery asked, std::string_view reply) {
  if (batches_.size() >= kMostBatches) return refuse(reply, "429 Too Many Requests");
  Batch batch{.query = std::move(asked), .reply = std::string(reply), .from = {}};
  batch.from = std::max(batch.query.start(stream_), Sequence(1));
  batch.pending = stream_.pending(batch.from, filters_of(batch.query));
  batches_.push_back(std::move(batch));
  if (batches_.size() == 1) go_on();
}

void DirectGets::go_on() {
  timer_ = {};
  Batch batch = std::move(batches_.front());
  batches_.pop_front();
  const Progress progress = send_some(batch);
  if (progress != Progress::kDone) batches_.push_back(std::move(batch));
  waiting_ = progress == Progress::kWaits ? waiting_ + 1 : 0;
  if (batches_.empty()) return;
  runtime::Loop& loop = stream_.loop();
  const auto deadline = waiting_ < batches_.size() ? loop.now() : loop.now() + kPause;
  timer_ = loop.schedule(deadline, [this] { go_on(); });
}

DirectGets::Progress DirectGets::send_some(Batch& batch) {
  const MessageQuery& asked = batch.query;
  const std::uint64_t most_bytes = asked.max_bytes == 0 ? kBatchBytes : asked.max_bytes;
  std::uint64_t turn_bytes = 0;
  for (std::size_t i = 0; i < kTurnMessages && turn_bytes < kTurnBytes; ++i) {
    const auto found = stream_.next(batch.from, filters_of(asked));
    if (!found.ok() || !found->has_value()) {
      batch.sent == 0 ? refuse(batch.reply, "404 Message Not Found") : end_batch(batch);
      return Progress::kDone;
    }
    const StoredMessage& message = **found;
    batch.pending -= batch.pending > 0 ? 1 : 0;
    const std::string headers = asked.no_headers ? std::string() : headers_of(stream_, message, place_in_batch(batch.pending, batch.last));
    const Pressure pressure = send_answer(router_, batch.reply, headers, as_text(message.payload));
    batch.last = message.sequence;
    batch.from = message.sequence + 1;
    batch.sent_bytes += bytes_of(message);
    turn_bytes += bytes_of(message);
    if (++batch.sent == asked.batch || batch.sent_bytes >= most_bytes) {
      end_batch(batch);
      return Progress::kDone;
    }
    if (pressure == Pressure::kHigh) return Progress::kWaits;
  }
  return Progress::kGoesOn;
}

void DirectGets::end_batch(const Batch& batch) {
  const std::uint64_t pending = stream_.pending(batch.from, filters_of(batch.query));
  send_answer(router_, batch.reply, end_of_batch(place_in_batch(pending, batch.last)), {});
}

}  // namespace firth::jetstream
