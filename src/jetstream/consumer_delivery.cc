// The way of a message from the stream to a client: which one is next, who gets it, and what is remembered of it.
#include <fmt/core.h>

#include <algorithm>
#include <memory>

#include "base/log.h"
#include "base/saturating.h"
#include "jetstream/consumer.h"

namespace firth::jetstream {
namespace {

using broker::AckTracker;
using broker::StoredMessage;
using Kind = broker::AckChange::Kind;

constexpr int kMaxPerTurn = 500;  // then others have their turn

}  // namespace

void Consumer::pump_later() {
  if (std::exchange(posted_, true)) return;
  around_.loop.post([this, alive = alive_] {
    if (!*alive) return;
    posted_ = false;
    pump();
    flush();
  });
}

void Consumer::pump() {
  int sent = 0;
  while (sent < kMaxPerTurn && deliver_one()) ++sent;
  if (sent == kMaxPerTurn) pump_later();
  else if (has_number()) answer_no_wait();  // else there may be something for them
  if (changed_) pump_later();               // what changed in this turn is one act in the next
  watch_time();
}

// False: there is nothing to deliver, or nobody to deliver to.
bool Consumer::deliver_one() {
  if (is_stalled() || !has_number()) return false;
  std::optional<StoredMessage> message = redelivery();
  const bool again = message.has_value();
  if (!again) message = new_message();
  return message.has_value() && send(*message, again);
}

// The next block is reserved while half of this one is left, so that a delivery waits for it only after a restart.
bool Consumer::has_number() {
  if (is_stalled()) return true;  // an idle one needs none
  const std::uint64_t used = std::max(tracker_.delivered().consumer, forgotten_);
  if (!reserving_ && used + broker::kReservedDeliveries / 2 >= start_.reserved) reserve(used);
  return used < start_.reserved;
}

void Consumer::reserve(std::uint64_t used) {
  flush();  // what was decided before the act lies before it
  const std::uint64_t end = used + broker::kReservedDeliveries;
  log::Partition& partition = around_.stream.partition();
  const auto written = partition.act_on_piece({.piece = broker::piece_key(broker::PieceKind::kConsumer, config().name),
                                               .act = broker::ConsumerState::reserve_act({.used = used, .end = end})});
  if (!written.ok()) return;
  tracker_.number_behind(used);
  reserving_ = true;
  partition.when_released([this, alive = alive_, end](const Result<void>& released) {
    if (!*alive) return;
    reserving_ = false;
    if (!released.ok()) return;
    start_.reserved = end;
    pump_later();
  });
}

// What is due again; messages that are gone, or were delivered as often as they may be, are let go.
std::optional<StoredMessage> Consumer::redelivery() {
  for (;;) {
    drop_exhausted();
    const auto due = tracker_.next_deadline();
    if (!due.has_value() || due->first > now_ns()) return std::nullopt;
    auto message = around_.stream.get(due->second);
    if (!message.ok()) {
      log_warning("JetStream consumer '{} > {}': {}", around_.stream.name(), config().name, message.error().text);
      return std::nullopt;
    }
    if (message->has_value()) return std::move(**message);
    change({.kind = Kind::kLetGo, .message = due->second});
  }
}

bool Consumer::is_exhausted(Sequence message) const {
  return config().max_deliver > 0 && static_cast<std::int64_t>(tracker_.find(message)->deliveries) >= config().max_deliver;
}

// They are pending no more, whether or not a client asks; the stream keeps them.
void Consumer::drop_exhausted() {
  for (auto due = tracker_.next_deadline(); due.has_value() && due->first <= now_ns() && is_exhausted(due->second);
       due = tracker_.next_deadline())
    change({.kind = Kind::kLetGo, .message = due->second});
}

bool Consumer::is_full() const {
  return tracker_.policy() != AckTracker::Policy::kNone && config().max_ack_pending > 0 &&
         static_cast<std::int64_t>(tracker_.pending_count()) >= config().max_ack_pending;
}

std::optional<StoredMessage> Consumer::new_message() {
  if (is_full()) return std::nullopt;
  for (; !initial_.empty(); initial_.pop_front()) {
    auto message = around_.stream.get(initial_.front());
    if (message.ok() && message->has_value()) return std::move(**message);
  }
  Sequence from(tracker_.delivered().stream.value() + 1);
  if (config().deliver_policy == broker::DeliverPolicy::kLastPerSubject) from = std::max(from, Sequence(start_.last_at_start.value() + 1));
  auto message = around_.stream.next(from, config().filters);
  if (!message.ok()) {
    log_warning("JetStream consumer '{} > {}': {}", around_.stream.name(), config().name, message.error().text);
    return std::nullopt;
  }
  return std::move(*message);
}

bool Consumer::send(const StoredMessage& message, bool again) {
  const AckTracker::Pending* const known = tracker_.find(message.sequence);
  const std::uint64_t deliveries = known == nullptr ? 1 : known->deliveries + 1;
  const std::uint64_t left = pending() - (again ? 0 : std::min<std::uint64_t>(pending_, 1));
  const std::string ack_reply = fmt::format("$JS.ACK.{}.{}.{}.{}.{}.{}.{}", around_.stream.name(), config().name, deliveries,
                                            message.sequence.value(), tracker_.delivered().consumer + 1, message.time_ns, left);
  std::string payload = message.headers;
  if (config().headers_only) {
    if (payload.empty()) payload = "NATS/1.0\r\n\r\n";
    payload.insert(payload.size() - 2, fmt::format("Nats-Msg-Size: {}\r\n", message.payload.size()));
  }
  const auto header_bytes = static_cast<std::uint32_t>(payload.size());
  if (!config().headers_only) payload += as_text(message.payload);

  if (config().is_push()) {
    around_.router.publish_as(broker::kGlobalAccount, config().deliver_subject,
                              {.subject = message.subject, .reply = ack_reply, .header_bytes = header_bytes, .payload = payload});
  } else if (!send_pull(message, ack_reply, payload, header_bytes)) {
    return false;
  }
  if (!again) {
    count_pending(true);
    if (!initial_.empty() && initial_.front() == message.sequence) initial_.pop_front();
  }
  change({.kind = Kind::kDeliver, .message = message.sequence, .deadline_ns = ack_deadline(deliveries)});
  if (tracker_.policy() == AckTracker::Policy::kNone) around_.owner.on_done(message.sequence);
  delivered_ns_ = now_ns();
  last_sent_ = around_.loop.now();
  ask_flow_control(payload.size());
  return true;
}

// To the first that waits, still listens and has room for it.
bool Consumer::send_pull(const StoredMessage& message, std::string_view ack_reply, const std::string& payload, std::uint32_t header_bytes) {
  const auto bytes = static_cast<std::int64_t>(message.subject.size() + ack_reply.size() + payload.size());
  while (!waiting_.empty()) {
    Waiting& waiting = waiting_.front();
    if (waiting.request.max_bytes > 0 && bytes > waiting.bytes_left) {
      status_to(waiting.reply, "409 Message Size Exceeds MaxBytes", pending_lines(waiting));
      waiting_.pop_front();
      continue;
    }
    const broker::Routed routed =
        around_.router.publish_as(broker::kGlobalAccount, waiting.reply,
                                  {.subject = message.subject, .reply = ack_reply, .header_bytes = header_bytes, .payload = payload});
    if (routed.receivers == 0) {
      waiting_.pop_front();
      continue;
    }
    Waiting served = std::move(waiting);  // requests take turns
    waiting_.pop_front();
    served.delivered = true;
    --served.left;
    if (served.request.max_bytes > 0) served.bytes_left -= bytes;
    if (served.heartbeat) served.heartbeat = runtime::deadline_after(around_.loop.now(), served.request.idle_heartbeat);
    const bool spent = served.request.max_bytes > 0 && served.bytes_left == 0;
    if (served.left > 0 && !spent) waiting_.push_back(std::move(served));
    else if (served.bytes_left > 0) status_to(served.reply, "409 Batch Completed", pending_lines(served));
    return true;
  }
  return false;
}

// There is nothing for them now; what waits for acknowledgements only is something.
void Consumer::answer_no_wait() {
  if (is_full()) return;
  std::erase_if(waiting_, [&](const Waiting& waiting) {
    if (!waiting.request.no_wait || (waiting.expires && !waiting.delivered)) return false;
    status_to(waiting.reply, "404 No Messages");
    return true;
  });
}

// Counted once, then kept up: what comes is added, what is delivered taken off; after an erasure it is counted anew.
std::uint64_t Consumer::pending() {
  count_pending(false);
  return pending_;
}

void Consumer::count_pending(bool delivered_new) {
  const Sequence delivered = tracker_.delivered().stream;
  const Sequence last = around_.stream.counts().last;
  const bool picks = delivered < start_.last_at_start && config().deliver_policy == broker::DeliverPolicy::kLastPerSubject;
  if (!pending_known_) {
    const Sequence from(std::max(delivered, picks ? start_.last_at_start : Sequence(0)).value() + 1);
    pending_ = around_.stream.pending(from, config().filters) + initial_.size();
    pending_known_ = true;
    pending_end_ = last;
  } else if (last > pending_end_) {
    pending_ += around_.stream.pending(pending_end_ + 1, config().filters);
    pending_end_ = last;
  }
  if (delivered_new && pending_ > 0) --pending_;
}

std::int64_t Consumer::ack_deadline(std::uint64_t deliveries) const {
  std::chrono::nanoseconds wait = config().ack_wait;
  if (!config().backoff.empty()) wait = config().backoff[std::min<std::size_t>(deliveries, config().backoff.size()) - 1];
  return saturating_add(now_ns(), wait.count());
}

}  // namespace firth::jetstream
