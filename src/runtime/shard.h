// Shards: one thread and one loop per core, and what each of them owns. Shards are filled, not spread: waking a sleeping thread costs more
// than a small request, so the first takes connections until it has enough of them, then the second.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/counters.h"
#include "base/ids.h"
#include "runtime/mailbox.h"
#include "runtime/memory_governor.h"
#include "runtime/task_group.h"

namespace firth::runtime {

// Everything in it belongs to the shard's thread, but for loop.post() and the reading of counters.
struct Shard {
  ShardIndex index;
  Loop& loop;
  Clock& clock;
  Mailbox& mailbox;
  TaskGroup& tasks;  // of the shard as a whole: closed and awaited before its loop stops
  Counters& counters;
  MemoryGovernor& memory;  // of all shards
};

class Shards {
 public:
  static constexpr std::size_t kDefaultConnectionsPerShard = 1024;

  // One shard for each loop; they outlive the shards and are not started yet. The governor outlives them all: connections count there.
  Shards(const std::vector<LoopThread*>& loops, Clock& clock, MemoryGovernor& memory,
         std::size_t connections_per_shard = kDefaultConnectionsPerShard);
  ~Shards();

  std::size_t size() const { return places_.size(); }
  Shard& operator[](ShardIndex index);
  MemoryGovernor& memory() { return memory_; }
  const MemoryGovernor& memory() const { return memory_; }
  void start();
  // Cancels and closes the tasks of every shard; `closed` runs on the shard whose tasks end last. The loops go on. Called once.
  void close_tasks(Job closed);
  // close_tasks, waits for it, then stops the loops. From a thread that is none of theirs.
  void stop();

  // The shard for a new connection, which counts there until it is released: the first with fewer than connections_per_shard, else the
  // one with the fewest. From any thread.
  ShardIndex place_connection();
  void release_connection(ShardIndex index);

  std::uint64_t sum(Counter counter) const;

 private:
  struct Place;
  Task<> close_tasks_of(Place& place);

  MemoryGovernor& memory_;
  std::vector<std::unique_ptr<Place>> places_;
  const std::size_t connections_per_shard_;
  std::atomic<std::size_t> open_groups_{0};  // until close_tasks is done
  Job closed_;
};

}  // namespace firth::runtime
