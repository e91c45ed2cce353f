#include "tests/sim/executors.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace firth::sim {
namespace {

constexpr std::uint64_t kTurnEndsEarly = 8;  // one in so many: what is ready now need not have been ready when the loop woke

constexpr int kMaxStagePasses = 4;

}  // namespace

void Thread::post(runtime::Job job) {
  if (is_dead_) return;
  scheduler_.deliver([this, waiting = std::move(job)]() mutable {
    if (!is_dead_) jobs_.push_back(std::move(waiting));
  });
}

void Thread::step() {
  runtime::Job job = std::move(jobs_.front());
  jobs_.pop_front();
  job();
}

void Thread::die() {
  is_dead_ = true;
  const auto dropped = std::exchange(jobs_, {});
}

void WorkerPool::submit(runtime::Job work, runtime::Executor& home, runtime::Job done) {
  if (is_dead_) return;
  scheduler_.deliver([this, waiting = Work{std::move(work), &home, std::move(done)}]() mutable {
    if (!is_dead_) jobs_.push_back(std::move(waiting));
  });
}

void WorkerPool::step() {
  const auto chosen = jobs_.begin() + static_cast<std::ptrdiff_t>(scheduler_.random().below(std::min(thread_count_, jobs_.size())));
  Work work = std::move(*chosen);
  jobs_.erase(chosen);
  work.work();
  work.work = nullptr;
  if (work.done) work.home->post(std::move(work.done));
}

void WorkerPool::die() {
  is_dead_ = true;
  const auto dropped = std::exchange(jobs_, {});
}

Loop::Loop(Scheduler& scheduler, std::string name, WallReading wall)
    : Actor(std::move(name)), scheduler_(scheduler), wall_(std::move(wall)), now_(scheduler.now()), wall_now_(wall_()) {}

void Loop::post(runtime::Job job) {
  if (is_dead_) return;
  scheduler_.deliver([this, waiting = std::move(job)]() mutable {
    if (!is_dead_) jobs_.push_back(std::move(waiting));
  });
}

runtime::TimerId Loop::schedule(runtime::MonotonicTime deadline, runtime::Job job) {
  if (is_dead_) return {};
  const std::uint64_t id = ++last_timer_;
  timers_.emplace(TimerKey(deadline, id), std::move(job));
  deadlines_.emplace(id, deadline);
  return {id};
}

void Loop::cancel(runtime::TimerId timer) {
  const auto deadline = deadlines_.find(timer.value);
  if (deadline == deadlines_.end()) return;
  timers_.erase(TimerKey(deadline->second, timer.value));
  deadlines_.erase(deadline);
}

void Loop::set_turn_end_hook(runtime::TurnStage stage, runtime::TurnEndHook& hook) { stages_[std::to_underlying(stage)].hook = &hook; }

void Loop::request_turn_end(runtime::TurnStage stage) {
  FIRTH_ASSERT(stages_[std::to_underlying(stage)].hook != nullptr);
  stages_[std::to_underlying(stage)].requested = true;
}

void Loop::set_ready(LoopMember& member) {
  if (!is_dead_ && std::ranges::find(ready_, &member) == ready_.end()) ready_.push_back(&member);
}

void Loop::touch(LoopMember& member) {
  if (!is_dead_ && std::ranges::find(touched_, &member) == touched_.end()) touched_.push_back(&member);
}

void Loop::forget(LoopMember& member) {
  std::erase(ready_, &member);
  std::erase(touched_, &member);
}

bool Loop::runnable() const {
  if (is_dead_) return false;
  const bool requested = std::ranges::any_of(stages_, &Stage::requested);
  return in_turn_ || requested || !touched_.empty() || has_ready();
}

std::optional<runtime::MonotonicTime> Loop::next_timer() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first.first;
}

void Loop::step() {
  if (!in_turn_) {
    in_turn_ = true;
    events_ = 0;
    now_ = scheduler_.now();
    wall_now_ = wall_();
  }
  const bool goes_on = events_ == 0 || !scheduler_.random().one_in(kTurnEndsEarly);
  if (has_ready() && events_ < runtime::kMaxTurnEvents && goes_on) {
    ++events_;
    run_one_event();
  } else {
    end_turn();
  }
}

void Loop::run_one_event() {
  std::array<int, 3> sources{};
  std::size_t count = 0;
  if (!jobs_.empty()) sources[count++] = 0;
  if (has_due_timer()) sources[count++] = 1;
  if (!ready_.empty()) sources[count++] = 2;
  const int source = sources[scheduler_.random().below(count)];
  scheduler_.trace(static_cast<std::uint64_t>(source));
  if (source == 0) {
    runtime::Job job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
  } else if (source == 1) {
    auto timer = timers_.extract(timers_.begin());
    deadlines_.erase(timer.key().second);
    timer.mapped()();
  } else {
    LoopMember* const member = ready_.front();
    ready_.pop_front();
    member->on_ready();
  }
}

// As the real loop: earlier stages first, and again when a later one asked for them.
void Loop::run_stages() {
  for (int pass = 0; pass < kMaxStagePasses; ++pass) {
    bool ran = false;
    for (Stage& stage : stages_) {
      if (!std::exchange(stage.requested, false)) continue;
      stage.hook->on_turn_end();
      ran = true;
    }
    if (!ran) return;
  }
}

void Loop::end_turn() {
  scheduler_.trace("turn end");
  run_stages();
  for (std::size_t left = touched_.size(); left > 0 && !touched_.empty(); --left) {
    LoopMember* const member = touched_.front();
    touched_.pop_front();
    member->on_turn_end();
  }
  in_turn_ = false;
}

void Loop::die() {
  is_dead_ = true;
  in_turn_ = false;
  ready_.clear();
  touched_.clear();
  for (Stage& stage : stages_) stage.requested = false;
  deadlines_.clear();
  const auto dropped_timers = std::exchange(timers_, {});
  const auto dropped_jobs = std::exchange(jobs_, {});
}

}  // namespace firth::sim
