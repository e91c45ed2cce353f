// Works behind the write path of one shard's partitions: segments are sealed, rewritten without what is erased, repaired after a failed
// sync, and let go of. What is to be done each partition says itself (Partition::begin_segment_job); here is when, and on which thread.
//
//   every kInterval, or at once for a partition whose segment has ended
//     shard: a bounded number of partitions a turn: tidy, take the next job  -->  worker: files are written and synced
//     shard: the result takes the place of what was there  <--                       one job of the shard at a time
//     at the end, if files can go: a checkpoint, which forgets and then removes them
//
// Nothing here decides what a reader may see: that was an act before (expiry, limits, deletes: the layer above).
// Shard: its own.
#pragma once

#include <chrono>
#include <deque>

#include "log/checkpointer.h"
#include "log/segment_job.h"
#include "log/shard_log.h"
#include "runtime/worker_pool.h"

namespace firth::log {

class Cleaner {
 public:
  static constexpr std::chrono::seconds kInterval{10};
  static constexpr std::size_t kPartitionsPerTurn = 64;

  struct Surroundings {
    runtime::Files& files;
    runtime::WorkerPool& workers;
    Checkpointer& checkpointer;
    JournalPlace journal;
  };
  Cleaner(ShardLog& shard, Surroundings surroundings);

  // Before the loop runs.
  void start();

 private:
  struct Visit {
    PartitionKey partition;
    enum class Why : std::uint8_t { kPass, kWanted } why;
  };
  void arm();
  void begin_pass();
  void want(const PartitionKey& partition);
  void go_on();
  void go_on_next_turn();
  bool look_at(const Visit& visit);
  void hand_out(const PartitionKey& key, SegmentJob job);

  ShardLog& shard_;
  Surroundings around_;
  std::deque<Visit> waiting_;
  bool is_busy_ = false;  // a job is under way, or the next turn goes on
  bool wants_checkpoint_ = false;
};

}  // namespace firth::log
