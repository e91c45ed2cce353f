#include "runtime/timers.h"

#include <utility>

#include "base/assert.h"

namespace firth::runtime {

TimerId Timers::add(MonotonicTime deadline, Job job) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  slots_[slot].job = std::move(job);
  heap_.push_back({deadline, added_++, slot});
  slots_[slot].place = static_cast<std::uint32_t>(heap_.size() - 1);
  sift_up(heap_.size() - 1);
  return {(std::uint64_t{slots_[slot].generation} << 32) | slot};
}

void Timers::cancel(TimerId timer) {
  const auto slot = static_cast<std::uint32_t>(timer.value);
  const auto generation = static_cast<std::uint32_t>(timer.value >> 32);
  if (slot >= slots_.size() || slots_[slot].generation != generation) return;
  const Job dropped = remove(slots_[slot].place);  // destroyed last: its destructor may add timers
}

std::optional<MonotonicTime> Timers::next_deadline() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().deadline;
}

Job Timers::take_due(MonotonicTime now) {
  if (heap_.empty() || heap_.front().deadline > now) return {};
  return remove(0);
}

void Timers::put(std::size_t place, const Entry& entry) {
  heap_[place] = entry;
  slots_[entry.slot].place = static_cast<std::uint32_t>(place);
}

void Timers::sift_up(std::size_t place) {
  const Entry entry = heap_[place];
  while (place > 0 && entry.before(heap_[(place - 1) / 2])) {
    put(place, heap_[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  put(place, entry);
}

void Timers::sift_down(std::size_t place) {
  const Entry entry = heap_[place];
  for (;;) {
    std::size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].before(heap_[child])) ++child;
    if (!heap_[child].before(entry)) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, entry);
}

Job Timers::remove(std::size_t place) {
  Slot& slot = slots_[heap_[place].slot];
  FIRTH_ASSERT(slot.place == place);
  free_slots_.push_back(heap_[place].slot);
  if (++slot.generation == 0) slot.generation = 1;  // so that TimerId{} stays no timer
  const Entry last = heap_.back();
  heap_.pop_back();
  if (place != heap_.size()) {
    put(place, last);
    sift_up(place);
    sift_down(slots_[last.slot].place);
  }
  return std::exchange(slot.job, Job());
}

}  // namespace firth::runtime
