// One thread that plays all threads: each executor, loop and worker pool is an Actor, and a seed picks which of them does its next step.
// Virtual time stands still while anything is runnable, then jumps to the next event. Every step goes into the trace hash: two runs of one
// seed that differ anywhere differ there.
//
// A step that takes time (a stalled disk) keeps its actor busy that long; what it posts to others after the stall arrives after it, too.
// Its side effects in memory are seen at once: code that shares memory between threads is the business of the thread sanitizer.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/clock.h"
#include "runtime/executor.h"
#include "tests/sim/random.h"

namespace firth::sim {

class Actor {
 public:
  explicit Actor(std::string name) : name_(std::move(name)) {}
  virtual ~Actor() = default;

  virtual bool runnable() const = 0;
  virtual void step() = 0;  // REQUIRES: runnable()
  virtual std::optional<runtime::MonotonicTime> next_timer() const { return std::nullopt; }
  virtual void die() = 0;  // its process ended: drops what waits, unrun, and all that is posted from now on

  const std::string& name() const { return name_; }

 private:
  friend class Scheduler;
  std::string name_;
  runtime::MonotonicTime busy_until_;
  std::uint64_t weight_ = 1;
};

class Scheduler {
 public:
  // What counts as under way keeps run_until_idle going: bytes on the wire, a stalled job. Timers do not.
  enum class Kind { kUnderWay, kTimer };

  explicit Scheduler(std::uint64_t seed) : random_(seed) {}

  template <class T>
  T& add(std::unique_ptr<T> actor) {
    T& result = *actor;
    actors_.push_back(std::move(actor));
    return result;
  }
  void at(runtime::MonotonicTime time, Kind kind, runtime::Job job);
  // Runs the job now, or, inside a step that has spent time, when that time has passed.
  void deliver(runtime::Job job);

  runtime::MonotonicTime now() const { return time_ + spent_; }
  void spend(std::chrono::nanoseconds time);
  Random& random() { return random_; }

  // Lets one runnable actor do one step; false if none is runnable.
  bool step();
  // When something of these kinds happens next, if nothing else does.
  enum class Wait { kForAll, kForUnderWay };
  std::optional<runtime::MonotonicTime> next_event(Wait wait) const;
  void advance_to(runtime::MonotonicTime time);  // a time in the past changes nothing

  // The process ended: all actors die, all events are forgotten. The actors' objects stay until the scheduler goes, for whoever refers
  // to them.
  void kill_all();

  void trace(std::uint64_t fact) { trace_hash_ = (trace_hash_ ^ fact) * 0x9E3779B97F4A7C15u + (trace_hash_ >> 29); }
  void trace(std::string_view fact);
  std::uint64_t trace_hash() const { return trace_hash_; }
  std::uint64_t steps() const { return steps_; }

 private:
  struct Event {
    Kind kind;
    runtime::Job job;
  };
  void run_due_events();
  Actor* pick();

  Random random_;
  runtime::MonotonicTime time_{std::chrono::hours(1)};
  std::chrono::nanoseconds spent_{0};  // by the step under way
  bool in_step_ = false;
  std::multimap<runtime::MonotonicTime, Event> events_;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::vector<std::unique_ptr<Actor>> dead_;
  std::uint64_t steps_ = 0;
  std::uint64_t steps_at_this_time_ = 0;
  std::uint64_t trace_hash_ = 0;
};

}  // namespace firth::sim
