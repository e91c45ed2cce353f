// The clocks of Linux.
#include <ctime>

#include "runtime/clock.h"

namespace firth::runtime {
namespace {

std::chrono::nanoseconds read_clock(clockid_t id) {
  timespec time;
  ::clock_gettime(id, &time);  // cannot fail: the ids and the pointer are good
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

class LinuxClock final : public Clock {
 public:
  MonotonicTime monotonic() override { return MonotonicTime(read_clock(CLOCK_MONOTONIC)); }
  WallTime wall() override { return WallTime(read_clock(CLOCK_REALTIME)); }
};

}  // namespace

std::unique_ptr<Clock> make_clock() { return std::make_unique<LinuxClock>(); }

}  // namespace firth::runtime
