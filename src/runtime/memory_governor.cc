#include "runtime/memory_governor.h"

#include "base/assert.h"

namespace firth::runtime {

std::string_view to_string(MemoryKind kind) {
  constexpr std::array<std::string_view, kMemoryKindCount> kNames = {"tails", "decoded_batches", "out_buffers", "requests"};
  return kNames.at(static_cast<std::size_t>(kind));
}

bool MemoryGovernor::try_reserve(MemoryKind kind, std::size_t bytes) {
  const std::size_t before = total_.fetch_add(bytes, std::memory_order_relaxed);
  if (before > budget_bytes_ || bytes > budget_bytes_ - before) {
    total_.fetch_sub(bytes, std::memory_order_seq_cst);
    of(kind).refusals.fetch_add(1, std::memory_order_relaxed);
    // Between the two steps somebody may have found us above the mark and begun to wait for a release.
    if (somebody_waits_.load(std::memory_order_seq_cst) && below_low_mark()) tell_waiters();
    return false;
  }
  of(kind).used.fetch_add(bytes, std::memory_order_relaxed);
  return true;
}

void MemoryGovernor::reserve(MemoryKind kind, std::size_t bytes) {
  total_.fetch_add(bytes, std::memory_order_relaxed);
  of(kind).used.fetch_add(bytes, std::memory_order_relaxed);
}

void MemoryGovernor::release(MemoryKind kind, std::size_t bytes) {
  const std::size_t before = of(kind).used.fetch_sub(bytes, std::memory_order_relaxed);
  FIRTH_ASSERT(before >= bytes);
  total_.fetch_sub(bytes, std::memory_order_seq_cst);
  if (somebody_waits_.load(std::memory_order_seq_cst) && below_low_mark()) tell_waiters();
}

// The waiter says that it waits and then looks at the total; who releases lowers the total and then looks for waiters: one sees the other.
void MemoryGovernor::when_below(Executor& home, Job job) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.emplace_back(&home, std::move(job));
    somebody_waits_.store(true, std::memory_order_seq_cst);
  }
  if (below_low_mark()) tell_waiters();
}

void MemoryGovernor::tell_waiters() {
  std::vector<std::pair<Executor*, Job>> told;
  {
    const std::lock_guard lock(mutex_);
    told.swap(waiting_);
    somebody_waits_.store(false, std::memory_order_relaxed);
  }
  for (auto& [home, job] : told) home->post(std::move(job));
}

}  // namespace firth::runtime
