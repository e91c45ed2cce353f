// The executors of runtime/ as actors of the scheduler: a thread, a worker pool, and the loop of a shard with its turns.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <vector>

#include "runtime/loop.h"
#include "runtime/worker_pool.h"
#include "tests/sim/scheduler.h"

namespace firth::sim {

class Thread final : public Actor, public runtime::Executor {
 public:
  Thread(Scheduler& scheduler, std::string name) : Actor(std::move(name)), scheduler_(scheduler) {}
  void post(runtime::Job job) override;

  bool runnable() const override { return !jobs_.empty(); }
  void step() override;
  void die() override;

 private:
  Scheduler& scheduler_;
  std::deque<runtime::Job> jobs_;
  bool is_dead_ = false;
};

// One job is one step; as many as there are threads overtake each other. A job that stalls holds all of them up.
class WorkerPool final : public Actor, public runtime::WorkerPool {
 public:
  WorkerPool(Scheduler& scheduler, std::string name, int thread_count)
      : Actor(std::move(name)), scheduler_(scheduler), thread_count_(static_cast<std::size_t>(thread_count)) {}
  void submit(runtime::Job work, runtime::Executor& home, runtime::Job done) override;

  bool runnable() const override { return !jobs_.empty(); }
  void step() override;
  void die() override;

 private:
  struct Work {
    runtime::Job work;
    runtime::Executor* home;
    runtime::Job done;
  };
  Scheduler& scheduler_;
  std::size_t thread_count_;
  std::deque<Work> jobs_;
  bool is_dead_ = false;
};

// What a loop drives besides jobs and timers: a connection or a listener.
class LoopMember {
 public:
  virtual ~LoopMember() = default;
  virtual void on_ready() = 0;     // one event of a turn, after Loop::set_ready
  virtual void on_turn_end() = 0;  // after the hooks, after Loop::touch
};

// One event of a turn is one step, and so is the end of the turn; others run between them.
class Loop final : public Actor, public runtime::LoopThread {
 public:
  using WallReading = std::function<runtime::WallTime()>;
  Loop(Scheduler& scheduler, std::string name, WallReading wall);

  void post(runtime::Job job) override;
  runtime::MonotonicTime now() const override { return now_; }
  runtime::WallTime wall_now() const override { return wall_now_; }
  runtime::TimerId schedule(runtime::MonotonicTime deadline, runtime::Job job) override;
  void cancel(runtime::TimerId timer) override;
  void set_turn_end_hook(runtime::TurnStage stage, runtime::TurnEndHook& hook) override;
  void request_turn_end(runtime::TurnStage stage) override;
  bool nothing_ready() override { return !has_ready(); }
  void start() override {}
  void stop() override { die(); }

  void set_ready(LoopMember& member);
  void touch(LoopMember& member);
  void forget(LoopMember& member);

  bool runnable() const override;
  void step() override;
  std::optional<runtime::MonotonicTime> next_timer() const override;
  void die() override;

 private:
  using TimerKey = std::pair<runtime::MonotonicTime, std::uint64_t>;
  struct Stage {
    runtime::TurnEndHook* hook = nullptr;
    bool requested = false;
  };
  bool has_due_timer() const { return !timers_.empty() && timers_.begin()->first.first <= scheduler_.now(); }
  bool has_ready() const { return !jobs_.empty() || !ready_.empty() || has_due_timer(); }
  void run_one_event();
  void run_stages();
  void end_turn();

  Scheduler& scheduler_;
  WallReading wall_;
  runtime::MonotonicTime now_;
  runtime::WallTime wall_now_;
  std::deque<runtime::Job> jobs_;
  std::deque<LoopMember*> ready_;
  std::deque<LoopMember*> touched_;
  std::map<TimerKey, runtime::Job> timers_;
  std::map<std::uint64_t, runtime::MonotonicTime> deadlines_;  // of the timers, by id
  std::uint64_t last_timer_ = 0;
  std::array<Stage, runtime::kTurnStages> stages_;  // by TurnStage
  bool in_turn_ = false;
  int events_ = 0;  // of the turn under way
  bool is_dead_ = false;
};

}  // namespace firth::sim
