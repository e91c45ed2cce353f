// A consumer as it is stored: its config and its acknowledgements, a piece of the partition that it reads. It holds what was released;
// what was decided after that is known to who writes the acts (jetstream/consumer.h), which run through the same AckTracker.
//
//   start    creation: config, time, where the first message may lie
//   config   an update
//   changes  what was delivered, acknowledged and so on, any number in one act
//   reserve  numbers of deliveries that come
//
// Nobody waits for the act of a delivery, so a crash may forget deliveries whose numbers clients have seen. Numbers are therefore taken
// from a block that was reserved before; after a restart the next delivery is numbered behind it.
//
// Shard: the partition's.
#pragma once

#include <cstdint>
#include <vector>

#include "broker/ack_tracker.h"
#include "broker/consumer_config.h"
#include "log/piece.h"

namespace firth::log {
class Partition;
}

namespace firth::broker {

inline constexpr std::uint64_t kReservedDeliveries = 16384;  // a block: two small acts for so many deliveries

struct ConsumerStart {
  ConsumerConfig config;
  std::int64_t created_ns = 0;                   // since 1970
  Sequence behind;                               // messages up to here are not delivered
  Sequence last_at_start;                        // of the stream; up to here `last_per_subject` picks
  std::uint64_t reserved = kReservedDeliveries;  // no delivery has a higher number
};

struct AckChange {
  enum class Kind : std::uint8_t { kDeliver = 1, kAcknowledge = 2, kLetGo = 3, kDeadline = 4, kSkip = 5 };  // on disk
  Kind kind;
  Sequence message;
  std::int64_t deadline_ns = 0;  // of kDeliver and kDeadline
};
// Changes of messages that are pending no more are none.
void apply(const AckChange& change, AckTracker& tracker);
void encode(const AckChange& change, log::ByteWriter& to);

// Consumers of what the partition holds, as released.
std::size_t consumer_count(const log::Partition& partition);

class ConsumerState final : public log::Piece {
 public:
  // Acts.
  static std::vector<std::byte> start_act(const ConsumerStart& start);
  static std::vector<std::byte> config_act(const ConsumerConfig& config);
  // Deliveries may have numbers up to `end`, and go on behind `used`.
  struct Numbers {
    std::uint64_t used, end;
  };
  static std::vector<std::byte> reserve_act(const Numbers& numbers);
  // Followed by the encoded changes.
  static log::ByteWriter changes_act();

  void apply(ByteView act) override;
  SharedBytes encode() const override;
  Result<void> restore(ByteView bytes) override;

  const ConsumerStart& start() const { return start_; }
  const ConsumerConfig& config() const { return start_.config; }
  const AckTracker& tracker() const { return tracker_; }

 private:
  ConsumerStart start_;
  AckTracker tracker_;
};

}  // namespace firth::broker
