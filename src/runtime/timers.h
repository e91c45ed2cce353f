// The timers of one loop: a binary heap of deadlines. Each entry knows its place, so that cancelling takes it out at once: most timers
// (idle connections, acknowledgements) are cancelled, and must not stay until they would have run.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/loop.h"

namespace firth::runtime {

class Timers {
 public:
  TimerId add(MonotonicTime deadline, Job job);
  void cancel(TimerId timer);  // a no-op if it has run or was cancelled

  std::optional<MonotonicTime> next_deadline() const;
  // The job of the earliest timer that is due at `now`; equal deadlines in the order in which they were added. Empty: none is due.
  Job take_due(MonotonicTime now);
  std::size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    MonotonicTime deadline;
    std::uint64_t order;
    std::uint32_t slot;
    bool before(const Entry& other) const { return deadline != other.deadline ? deadline < other.deadline : order < other.order; }
  };
  // What a TimerId names: its upper half is the generation (from 1), the lower the slot.
  struct Slot {
    Job job;
    std::uint32_t generation = 1;
    std::uint32_t place = 0;  // in heap_
  };

  void put(std::size_t place, const Entry& entry);
  void sift_up(std::size_t place);
  void sift_down(std::size_t place);
  Job remove(std::size_t place);

  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::uint64_t added_ = 0;
};

}  // namespace firth::runtime
