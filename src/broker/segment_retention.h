// Retention of the partitions of one shard by age and by size, as Kafka's topics have it (retention.ms, retention.bytes, cleanup.policy):
// whole segments whose newest record is too old, or that are not needed to hold so many bytes, fall behind the log start. That is an act
// like any other, so that what was hidden once stays hidden; the files go with the cleaner's next pass.
//
//   every kInterval: a bounded number of partitions a turn --> Partition::expired_end --> log start (through the stream, if it is one)
//
// A stream's own limits (max_age, max_bytes, max_msgs) are exact and the stream's (stream.h). Shard: its own.
#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "broker/catalog_state.h"

namespace firth::broker {

class ShardBroker;

class SegmentRetention {
 public:
  static constexpr std::chrono::seconds kInterval{10};
  static constexpr std::size_t kPartitionsPerTurn = 64;
  static constexpr std::int64_t kStreamMessagesPerTurn = 16 * 1024;  // each of them leaves the stream's index

  explicit SegmentRetention(ShardBroker& broker) : broker_(broker) {}
  // On the shard, once; the loop runs as long as this lives.
  void start();

 private:
  struct Visit {
    TopicPointer topic;
    PartitionIndex index;
    std::optional<Offset> moved_to;  // by the visit before
  };
  void begin_pass();
  void go_on();
  void look_at(Visit visit);

  ShardBroker& broker_;
  std::deque<Visit> waiting_;
};

}  // namespace firth::broker
