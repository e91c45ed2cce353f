// The door to time. Nothing else asks the system what time it is: sessions and the log take the one reading of their loop's turn.
#pragma once

#include <chrono>
#include <memory>

namespace firth::runtime {

// Since an arbitrary start; never runs backwards. For deadlines.
struct MonotonicTag {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
};
using MonotonicTime = std::chrono::time_point<MonotonicTag, std::chrono::nanoseconds>;

// Since 1970 in UTC; may jump. For timestamps of records.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonotonicTime monotonic() = 0;
  virtual WallTime wall() = 0;
};

std::unique_ptr<Clock> make_clock();

}  // namespace firth::runtime
