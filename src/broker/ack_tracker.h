// Who has which message, and who is done with it: the one state machine of per-message acknowledgement, for JetStream consumers and Kafka
// share groups alike. It knows no clock: deadlines are numbers that its owner compares.
//
//   sequences  1 ........ floor | done, or pending ........ delivered | never delivered
//
// floor is the last sequence below which nothing is pending; what lies between floor and delivered and is not pending is done. So floor,
// delivered and the pending ones are the whole state, in every order of acknowledging.
//
// Owner: a consumer twice, as decided (consumer) and as released (consumer_state.h); both run the same changes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/ids.h"
#include "base/result.h"
#include "log/byte_io.h"

namespace firth::broker {

// A message, and which delivery of its consumer carried it; deliveries are counted from 1, repeated ones too.
struct AckPosition {
  std::uint64_t consumer = 0;
  Sequence stream;
  bool operator==(const AckPosition&) const = default;
};

class AckTracker {
 public:
  enum class Policy : std::uint8_t {
    kNone,      // delivered is done
    kAll,       // done is everything up to the one that is acknowledged
    kExplicit,  // each by itself
  };
  struct Pending {
    std::uint64_t consumer = 0;    // of its first delivery
    std::uint64_t deliveries = 0;  // so far
    std::int64_t deadline_ns = 0;  // then it is delivered again
    bool operator==(const Pending&) const = default;
  };

  // The first message that is delivered lies behind `start`.
  explicit AckTracker(Policy policy = Policy::kExplicit, Sequence start = {}) : policy_(policy), delivered_{0, start}, floor_{0, start} {}

  // --- Changes. ---
  // A new message, or a pending one again. Returns the number of the delivery. REQUIRES: behind delivered(), or pending.
  std::uint64_t deliver(Sequence message, std::int64_t deadline_ns);
  // False: it was not pending, nothing changed.
  bool acknowledge(Sequence message);
  // Pending no more without having been acknowledged: rejected, gone from the stream, or delivered too often.
  bool let_go(Sequence message);
  // Work in progress (later) or given back (now, or after a delay).
  bool set_deadline(Sequence message, std::int64_t deadline_ns);
  // What lies up to here is gone, or not wanted: goes on behind it.
  void skip_to(Sequence message);
  // Deliveries up to this number may have been made and forgotten: the next one gets a higher number.
  void number_behind(std::uint64_t delivery);

  // --- Questions. ---
  Policy policy() const { return policy_; }
  const AckPosition& delivered() const { return delivered_; }
  const AckPosition& floor() const { return floor_; }
  std::size_t pending_count() const { return pending_.size(); }
  std::size_t redelivered_count() const { return redelivered_; }  // pending ones that were delivered more than once
  const std::map<Sequence, Pending>& pending() const { return pending_; }
  const Pending* find(Sequence message) const;
  // The pending message that is to be delivered again first.
  std::optional<std::pair<std::int64_t, Sequence>> next_deadline() const;
  std::size_t count_due(std::int64_t now_ns) const;

  void encode(log::ByteWriter& to) const;
  // kCorrupt: what encode never writes.
  static Result<AckTracker> decode(log::ByteReader& from);

  bool operator==(const AckTracker&) const = default;

 private:
  void drop(std::map<Sequence, Pending>::iterator at);
  void move_floor();

  Policy policy_;
  AckPosition delivered_;
  AckPosition floor_;
  std::map<Sequence, Pending> pending_;
  std::set<std::pair<std::int64_t, Sequence>> deadlines_;
  std::size_t redelivered_ = 0;
};

}  // namespace firth::broker
