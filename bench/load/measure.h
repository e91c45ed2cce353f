// One measurement: operations, latencies, and what the server spent on them according to /proc. Printed as one line of JSON.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "bench/load/options.h"

namespace firth::load {

using Clock = std::chrono::steady_clock;

// What /proc says of a process.
struct ProcessUse {
  double cpu_seconds = 0;  // user and system time; the kernel counts in hundredths
  double rss_mib = 0;
  long threads = 0;
};
ProcessUse read_process_use(int pid);

class Measurement {
 public:
  explicit Measurement(const Options& options) : options_(options) {}

  // Calls turn() until warm-up and measurement are over. A turn does what can be done now and returns the number of operations that
  // were completed in it; it calls completed_after() for those whose latency counts.
  template <class Turn>
  void run(Turn turn) {
    spend(options_.warmup_seconds, turn);
    latencies_us_.clear();
    before_ = read_process_use(options_.server_pid);
    const auto start = Clock::now();
    operations_ = spend(options_.seconds, turn);
    seconds_ = std::chrono::duration<double>(Clock::now() - start).count();
    after_ = read_process_use(options_.server_pid);
  }

  void completed_after(Clock::duration latency) {
    latencies_us_.push_back(static_cast<float>(std::chrono::duration<double, std::micro>(latency).count()));
  }

  // Messages, rate, server CPU per message, latencies if there are any, memory.
  void print(std::uint64_t messages_per_operation = 1);

 private:
  template <class Turn>
  static std::uint64_t spend(double seconds, Turn& turn) {
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    const auto stalled = Clock::now() + std::chrono::seconds(30);
    std::uint64_t operations = 0;
    for (auto now = Clock::now(); now < end; now = Clock::now()) {
      operations += turn();
      if (operations == 0 && now > stalled) give_up("no operation was completed");
    }
    return operations;
  }

  const Options& options_;
  std::vector<float> latencies_us_;
  std::uint64_t operations_ = 0;
  double seconds_ = 0;
  ProcessUse before_, after_;
};

}  // namespace firth::load
