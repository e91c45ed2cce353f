// Deadlines from delays that somebody else chose, which may be whatever a number can say: one below zero is over at once.
#pragma once

#include <algorithm>

#include "base/saturating.h"
#include "runtime/clock.h"

namespace firth::runtime {

constexpr MonotonicTime deadline_after(MonotonicTime start, std::chrono::nanoseconds delay) {
  const std::int64_t wait_ns = std::max<std::int64_t>(delay.count(), 0);
  return MonotonicTime(std::chrono::nanoseconds(saturating_add(start.time_since_epoch().count(), wait_ns)));
}

}  // namespace firth::runtime
