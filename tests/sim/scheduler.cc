#include "tests/sim/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace firth::sim {
namespace {

constexpr std::uint64_t kMaxStepsAtOneTime = 2'000'000;  // more is a livelock: somebody posts to himself for ever
constexpr std::uint64_t kStepsOfOneWeight = 64;

}  // namespace

void Scheduler::at(runtime::MonotonicTime time, Kind kind, runtime::Job job) { events_.emplace(time, Event{kind, std::move(job)}); }

void Scheduler::deliver(runtime::Job job) {
  if (spent_.count() == 0) return job();
  at(now(), Kind::kUnderWay, std::move(job));
}

void Scheduler::spend(std::chrono::nanoseconds time) {
  if (in_step_) {
    spent_ += time;
  } else {
    time_ += time;
  }
}

void Scheduler::trace(std::string_view fact) {
  for (const char c : fact) trace(static_cast<unsigned char>(c));
}

void Scheduler::run_due_events() {
  while (!events_.empty() && events_.begin()->first <= time_) {
    runtime::Job job = std::move(events_.begin()->second.job);
    events_.erase(events_.begin());
    job();
  }
}

// Equal chances would keep all actors abreast. Weights that change now and then let one fall far behind, or run far ahead, for a while.
Actor* Scheduler::pick() {
  if (steps_ % kStepsOfOneWeight == 0) {
    for (const auto& actor : actors_) actor->weight_ = std::uint64_t{1} << (2 * random_.below(4));
  }
  std::uint64_t sum = 0;
  std::vector<Actor*> runnable;
  for (const auto& actor : actors_) {
    if (actor->busy_until_ > time_ || !actor->runnable()) continue;
    runnable.push_back(actor.get());
    sum += actor->weight_;
  }
  if (runnable.empty()) return nullptr;
  std::uint64_t at = random_.below(sum);
  for (Actor* const actor : runnable) {
    if (at < actor->weight_) return actor;
    at -= actor->weight_;
  }
  std::unreachable();
}

bool Scheduler::step() {
  FIRTH_ASSERT(!in_step_);
  run_due_events();
  Actor* const actor = pick();
  if (actor == nullptr) return false;
  ++steps_;
  FIRTH_ASSERT(++steps_at_this_time_ < kMaxStepsAtOneTime);
  trace(actor->name());
  trace(static_cast<std::uint64_t>(time_.time_since_epoch().count()));
  in_step_ = true;
  actor->step();
  in_step_ = false;
  actor->busy_until_ = time_ + std::exchange(spent_, {});
  return true;
}

std::optional<runtime::MonotonicTime> Scheduler::next_event(Wait wait) const {
  std::optional<runtime::MonotonicTime> next;
  const auto consider = [&](runtime::MonotonicTime time) { next = std::min(next.value_or(time), time); };
  for (const auto& [time, event] : events_) {
    if (wait == Wait::kForUnderWay && event.kind != Kind::kUnderWay) continue;
    consider(time);
    break;
  }
  for (const auto& actor : actors_) {
    const bool is_busy = actor->busy_until_ > time_;
    if (is_busy && actor->runnable()) consider(actor->busy_until_);
    if (wait == Wait::kForUnderWay) continue;
    if (const auto timer = actor->next_timer()) consider(std::max(*timer, actor->busy_until_));
  }
  return next;
}

void Scheduler::advance_to(runtime::MonotonicTime time) {
  if (time <= time_) return;
  time_ = time;
  steps_at_this_time_ = 0;
}

void Scheduler::kill_all() {
  FIRTH_ASSERT(!in_step_);
  events_.clear();
  for (auto& actor : actors_) {
    actor->die();
    dead_.push_back(std::move(actor));
  }
  actors_.clear();
}

}  // namespace firth::sim
