// One budget for the memory that clients can make the server hold, by kind, across all shards. Over budget means back-pressure: what can
// wait is refused and told when to try again; what has arrived already is counted, and the refusals that follow bring the use down.
//
// Any thread. Reserving and releasing are two atomic additions: for blocks, buffers and batches, not for messages.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/executor.h"

namespace firth::runtime {

enum class MemoryKind : unsigned char {
  kTails,           // of partitions: the newest batches
  kDecodedBatches,  // decompressed to be checked
  kOutBuffers,      // of connections: what their clients have not read
  kRequests         // large requests on their way in, and until they are answered
};
inline constexpr std::size_t kMemoryKindCount = 4;
inline constexpr std::array kMemoryKinds = {MemoryKind::kTails, MemoryKind::kDecodedBatches, MemoryKind::kOutBuffers,
                                            MemoryKind::kRequests};
std::string_view to_string(MemoryKind kind);

class MemoryGovernor {
 public:
  explicit MemoryGovernor(std::size_t budget_bytes) : budget_bytes_(budget_bytes) {}

  // False, and a refusal is counted, if it would pass the budget.
  [[nodiscard]] bool try_reserve(MemoryKind kind, std::size_t bytes);
  // For what is there already and cannot be refused: may pass the budget.
  void reserve(MemoryKind kind, std::size_t bytes);
  // REQUIRES: as much of that kind is reserved.
  void release(MemoryKind kind, std::size_t bytes);

  // Posts the job to `home` once use has fallen below seven eighths of the budget; at once if it is there now.
  void when_below(Executor& home, Job job);

  std::size_t budget_bytes() const { return budget_bytes_; }
  bool is_over_budget() const { return used_bytes() > budget_bytes_; }
  // Little is left: who holds what it can do without lets go of it.
  bool is_tight() const { return used_bytes() > budget_bytes_ / 8 * 7; }
  std::size_t used_bytes() const { return total_.load(std::memory_order_relaxed); }
  std::size_t used_bytes(MemoryKind kind) const { return of(kind).used.load(std::memory_order_relaxed); }
  std::uint64_t refusals(MemoryKind kind) const { return of(kind).refusals.load(std::memory_order_relaxed); }

 private:
  struct alignas(64) Account {
    std::atomic<std::size_t> used{0};
    std::atomic<std::uint64_t> refusals{0};
  };
  Account& of(MemoryKind kind) { return accounts_[static_cast<std::size_t>(kind)]; }
  const Account& of(MemoryKind kind) const { return accounts_[static_cast<std::size_t>(kind)]; }
  bool below_low_mark() const { return total_.load(std::memory_order_seq_cst) <= budget_bytes_ / 8 * 7; }
  void tell_waiters();

  const std::size_t budget_bytes_;
  std::array<Account, kMemoryKindCount> accounts_;
  alignas(64) std::atomic<std::size_t> total_{0};
  std::atomic<bool> somebody_waits_{false};
  std::mutex mutex_;  // guards waiting_, which is empty unless the budget was passed
  std::vector<std::pair<Executor*, Job>> waiting_;
};

}  // namespace firth::runtime
