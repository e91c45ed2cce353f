#include "broker/ack_tracker.h"

#include <algorithm>

#include "base/assert.h"

namespace firth::broker {

std::uint64_t AckTracker::deliver(Sequence message, std::int64_t deadline_ns) {
  ++delivered_.consumer;
  const auto known = pending_.find(message);
  if (known != pending_.end()) {
    if (++known->second.deliveries == 2) ++redelivered_;
    set_deadline(message, deadline_ns);
    return known->second.deliveries;
  }
  FIRTH_ASSERT(message > delivered_.stream);
  delivered_.stream = message;
  if (policy_ != Policy::kNone) {
    pending_.emplace_hint(pending_.end(), message, Pending{.consumer = delivered_.consumer, .deliveries = 1, .deadline_ns = deadline_ns});
    deadlines_.emplace(deadline_ns, message);
  }
  move_floor();
  return 1;
}

bool AckTracker::acknowledge(Sequence message) {
  if (policy_ != Policy::kAll) return let_go(message);
  bool changed = false;
  while (!pending_.empty() && pending_.begin()->first <= message) {
    drop(pending_.begin());
    changed = true;
  }
  move_floor();
  return changed;
}

bool AckTracker::let_go(Sequence message) {
  const auto known = pending_.find(message);
  if (known == pending_.end()) return false;
  drop(known);
  move_floor();
  return true;
}

bool AckTracker::set_deadline(Sequence message, std::int64_t deadline_ns) {
  const auto known = pending_.find(message);
  if (known == pending_.end()) return false;
  deadlines_.erase({known->second.deadline_ns, message});
  known->second.deadline_ns = deadline_ns;
  deadlines_.emplace(deadline_ns, message);
  return true;
}

void AckTracker::skip_to(Sequence message) {
  delivered_.stream = std::max(delivered_.stream, message);
  move_floor();
}

void AckTracker::number_behind(std::uint64_t delivery) {
  delivered_.consumer = std::max(delivered_.consumer, delivery);
  move_floor();
}

const AckTracker::Pending* AckTracker::find(Sequence message) const {
  const auto known = pending_.find(message);
  return known == pending_.end() ? nullptr : &known->second;
}

std::optional<std::pair<std::int64_t, Sequence>> AckTracker::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return *deadlines_.begin();
}

std::size_t AckTracker::count_due(std::int64_t now_ns) const {
  std::size_t count = 0;
  for (const auto& [deadline_ns, message] : deadlines_) {
    if (deadline_ns > now_ns) break;
    ++count;
  }
  return count;
}

void AckTracker::drop(std::map<Sequence, Pending>::iterator at) {
  if (at->second.deliveries > 1) --redelivered_;
  deadlines_.erase({at->second.deadline_ns, at->first});
  pending_.erase(at);
}

// First deliveries are in the order of the log: the lowest pending message has the lowest first delivery too.
void AckTracker::move_floor() {
  const AckPosition before = floor_;
  if (pending_.empty()) {
    floor_ = delivered_;
  } else {
    const auto& [message, pending] = *pending_.begin();
    floor_ = {.consumer = pending.consumer - 1, .stream = Sequence(message.value() - 1)};
  }
  FIRTH_ASSERT(floor_.consumer >= before.consumer);
  FIRTH_ASSERT(floor_.stream >= before.stream);
  FIRTH_ASSERT(floor_.stream <= delivered_.stream);
}

// | policy | delivered: consumer, stream | behind: consumer, stream | count | per pending: gap, first delivery, deliveries, deadline |
// All but the first deadline as differences to the entry before: about six bytes each.
void AckTracker::encode(log::ByteWriter& to) const {
  to.fixed(static_cast<std::uint8_t>(policy_));
  to.varint(delivered_.consumer);
  to.varint(delivered_.stream.value());
  to.varint(delivered_.consumer - floor_.consumer);
  to.varint(delivered_.stream.value() - floor_.stream.value());
  to.varint(pending_.size());
  std::uint64_t message_before = floor_.stream.value();
  std::uint64_t consumer_before = floor_.consumer;
  std::int64_t deadline_before = 0;
  for (const auto& [message, pending] : pending_) {
    to.varint(message.value() - message_before);
    to.varint(pending.consumer - consumer_before);
    to.varint(pending.deliveries);
    to.signed_varint(pending.deadline_ns - deadline_before);
    message_before = message.value();
    consumer_before = pending.consumer;
    deadline_before = pending.deadline_ns;
  }
}

Result<AckTracker> AckTracker::decode(log::ByteReader& from) {
  const Error corrupt{Errc::kCorrupt, "the state of a consumer is not of the form that is written"};
  const auto policy = from.fixed<std::uint8_t>();
  if (policy > static_cast<std::uint8_t>(Policy::kExplicit)) return corrupt;
  AckTracker tracker(static_cast<Policy>(policy));
  tracker.delivered_.consumer = from.varint();
  tracker.delivered_.stream = Sequence(from.varint());
  const std::uint64_t consumers_behind = from.varint();
  const std::uint64_t messages_behind = from.varint();
  if (consumers_behind > tracker.delivered_.consumer || messages_behind > tracker.delivered_.stream.value()) return corrupt;
  tracker.floor_ = {.consumer = tracker.delivered_.consumer - consumers_behind, .stream = tracker.delivered_.stream - messages_behind};
  std::uint64_t message = tracker.floor_.stream.value();
  Pending pending{.consumer = tracker.floor_.consumer};
  for (std::size_t left = from.count(4); left > 0; --left) {
    const std::uint64_t gap = from.varint();
    const std::uint64_t consumer_gap = from.varint();
    pending.deliveries = from.varint();
    pending.deadline_ns =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(pending.deadline_ns) + static_cast<std::uint64_t>(from.signed_varint()));
    if (!from.ok() || gap == 0 || gap > tracker.delivered_.stream.value() - message) return corrupt;
    if (consumer_gap == 0 || consumer_gap > tracker.delivered_.consumer - pending.consumer || pending.deliveries == 0) return corrupt;
    message += gap;
    pending.consumer += consumer_gap;
    tracker.pending_.emplace_hint(tracker.pending_.end(), Sequence(message), pending);
    tracker.deadlines_.emplace(pending.deadline_ns, Sequence(message));
    if (pending.deliveries > 1) ++tracker.redelivered_;
  }
  if (!from.ok()) return corrupt;
  const AckPosition floor = tracker.floor_;
  const bool fits = tracker.pending_.empty() ? floor == tracker.delivered_
                                             : floor.stream.value() + 1 == tracker.pending_.begin()->first.value() &&
                                                   floor.consumer + 1 == tracker.pending_.begin()->second.consumer;
  if (!fits) return corrupt;
  return tracker;
}

}  // namespace firth::broker
