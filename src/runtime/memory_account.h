// What one owner (a connection's output, a partition's tail) holds of the memory budget, followed in steps: what changes by less than a
// step costs one comparison, and up to a step is held unseen.
//
// Owner: one thread. Gives everything back when it goes.
#pragma once

#include <utility>

#include "runtime/memory_governor.h"

namespace firth::runtime {

class MemoryAccount {
 public:
  static constexpr std::size_t kStepBytes = 16 * 1024;

  explicit MemoryAccount(MemoryKind kind) : kind_(kind) {}
  ~MemoryAccount() { set(0); }
  MemoryAccount(const MemoryAccount&) = delete;
  MemoryAccount& operator=(const MemoryAccount&) = delete;

  // Before it is followed for the first time; without one nothing is counted.
  void attach(MemoryGovernor& governor) { governor_ = &governor; }

  // It holds that much now. True: it has grown by a step, and the budget is passed.
  bool follow(std::size_t bytes) {
    if (bytes <= held_ + kStepBytes && bytes + kStepBytes >= held_ && (bytes != 0 || held_ == 0)) return false;
    return set(bytes);
  }

 private:
  bool set(std::size_t bytes) {
    if (governor_ == nullptr) return false;
    const std::size_t before = std::exchange(held_, bytes);
    if (bytes < before) governor_->release(kind_, before - bytes);
    if (bytes <= before || governor_->try_reserve(kind_, bytes - before)) return false;
    governor_->reserve(kind_, bytes - before);  // it is there: what can wait is what follows
    return true;
  }

  MemoryGovernor* governor_ = nullptr;
  std::size_t held_ = 0;
  MemoryKind kind_;
};

}  // namespace firth::runtime
