// A deterministic world from one seed: disk, clock, random numbers, network, and every thread of the server as a queue of one scheduler.
//
//   sim::World world(seed);
//   world.loop("shard0").post([&] { ... });
//   world.thread("commit").post([&] { ... });
//   EXPECT_TRUE(world.run_until([&] { return acknowledged == 100; }, 10s));
//   world.run_steps(world.random().below(500));   // then, anywhere,
//   world.lose_power();                           // all executors are gone, the disk has what the seed left
//   ... the same again on world.files(), with new executors ...
//
// Everything happens on the test's own thread, inside run_*. The same seed gives the same run: trace_hash() says so.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "tests/sim/executors.h"
#include "tests/sim/files.h"
#include "tests/sim/random.h"
#include "tests/sim/scheduler.h"

namespace firth::sim {

class Network;

class World {
 public:
  explicit World(std::uint64_t seed, Neighbours neighbours = Neighbours::kSpared);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Outlives kill() and lose_power().
  Files& files() { return files_; }
  runtime::Clock& clock() { return *clock_; }
  Random& random() { return random_; }  // for the code under test and for the test
  Scheduler& scheduler() { return scheduler_; }

  // Made when first asked for; one of each name until kill() or lose_power(). References from before stay valid, and dead.
  Loop& loop(std::string_view name);
  Thread& thread(std::string_view name);
  WorkerPool& workers();
  Network& network();  // tests/sim/network.h; its clients outlive the server's process

  // All of them return early if the disk halted the machine (Effect::kHalt): then only kill() or lose_power() leads on.
  // Runs until the condition holds, at most for that much virtual time; returns whether it holds.
  bool run_until(const std::function<bool()>& condition, std::chrono::nanoseconds within);
  // Runs until nothing is runnable and nothing is under way; timers that lie further in the future go on waiting.
  void run_until_idle();
  void run_for(std::chrono::nanoseconds time);
  // At most so many steps, letting time pass where needed; false if there was nothing left to do.
  bool run_steps(std::uint64_t count);

  // kill -9: executors and open files are gone, the page cache is not. Power loss: that, too, as the seed decides. Some time passes.
  void kill();
  void lose_power();

  void jump_wall(std::chrono::nanoseconds by) { wall_jump_ += by; }

  std::uint64_t trace_hash() const { return scheduler_.trace_hash(); }
  std::uint64_t steps() const { return scheduler_.steps(); }

 private:
  class Clock;
  runtime::WallTime wall() const;
  runtime::WallTime held_wall();
  void end_process();

  Random random_;
  Scheduler scheduler_;
  Files files_;
  std::unique_ptr<runtime::Clock> clock_;
  std::chrono::nanoseconds wall_jump_{0};
  runtime::WallTime last_wall_;  // that a loop of this process has read
  std::map<std::string, Loop*, std::less<>> loops_;
  std::map<std::string, Thread*, std::less<>> threads_;
  WorkerPool* workers_ = nullptr;
  std::unique_ptr<Network> network_;
};

}  // namespace firth::sim
