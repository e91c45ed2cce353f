// Deadlines from delays that somebody else chose, which may be as long as a number can say.
#pragma once

#include "base/saturating.h"
#include "runtime/clock.h"

namespace firth::runtime {

constexpr MonotonicTime deadline_after(MonotonicTime start, std::chrono::nanoseconds delay) {
  return MonotonicTime(std::chrono::nanoseconds(saturating_add(start.time_since_epoch().count(), delay.count())));
}

}  // namespace firth::runtime
