// The event loop of one shard: one thread, its timers, its connections, its mailbox. Work happens in *turns*:
//
//   wait until something is ready -> read the clock once -> run what is ready (input of sockets, jobs, timers), at most kMaxTurnEvents
//   -> run the turn-end stages in their order -> write each touched connection once
//
// Everything here but post() belongs to the loop's own thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/clock.h"
#include "runtime/executor.h"

namespace firth::runtime {

inline constexpr int kMaxTurnEvents = 256;  // bounds a turn, so that no busy connection starves the commit

// What runs at the end of each turn, in this order, if it registered: what was gathered for one partition is decided as a whole,
// messages to other shards go out, then what was appended is submitted to the journal (and, if nothing else is runnable, synced), then
// replies are written.
enum class TurnStage { kDecisions, kMailboxes, kCommit };
inline constexpr std::size_t kTurnStages = 3;

class TurnEndHook {
 public:
  virtual ~TurnEndHook() = default;
  virtual void on_turn_end() = 0;
};

struct TimerId {
  std::uint64_t value = 0;  // 0 is no timer
};

class Loop : public Executor {
 public:
  // The readings of this turn. The wall clock never runs backwards within a process: a jump back is held until time catches up.
  virtual MonotonicTime now() const = 0;
  virtual WallTime wall_now() const = 0;

  // Runs the job in the first turn at or after the deadline. Cancelling a timer that has run, or TimerId{}, is a no-op.
  virtual TimerId schedule(MonotonicTime deadline, Job job) = 0;
  virtual void cancel(TimerId timer) = 0;

  // The hook is run at the end of the turn in which request_turn_end was called for its stage; it must outlive the loop.
  virtual void set_turn_end_hook(TurnStage stage, TurnEndHook& hook) = 0;
  virtual void request_turn_end(TurnStage stage) = 0;

  // Whether the loop would sleep now: nothing is ready. Asks the system: for the commit's decision, not for hot paths.
  virtual bool nothing_ready() = 0;
};

// A loop that is driven by a thread of its own: start() makes it, stop() ends the turn under way, drops timers and joins.
class LoopThread : public Loop {
 public:
  virtual void start() = 0;
  virtual void stop() = 0;
};

std::unique_ptr<LoopThread> make_loop(std::string_view name, Clock& clock);

}  // namespace firth::runtime
