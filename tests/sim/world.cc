#include "tests/sim/world.h"

#include <algorithm>

#include "tests/sim/network.h"

namespace firth::sim {
namespace {

// When virtual time began: an arbitrary day, the same in every run.
constexpr runtime::WallTime kFirstDay{std::chrono::sys_days{std::chrono::year(2026) / 3 / 1}};
constexpr int kWorkerThreads = 2;

}  // namespace

class World::Clock final : public runtime::Clock {
 public:
  explicit Clock(const World& world) : world_(world) {}
  runtime::MonotonicTime monotonic() override { return world_.scheduler_.now(); }
  runtime::WallTime wall() override { return world_.wall(); }

 private:
  const World& world_;
};

// The streams of random numbers do not depend on each other: one more draw of the code under test leaves the schedule as it was.
World::World(std::uint64_t seed, Neighbours neighbours)
    : random_(seed * 4), scheduler_(seed * 4 + 1), files_(seed * 4 + 2, neighbours), clock_(std::make_unique<Clock>(*this)) {
  files_.on_stall([this](std::chrono::nanoseconds time) { scheduler_.spend(time); });
  files_.on_operation([this](Operation operation, std::string_view path, std::uint64_t position, std::uint64_t length) {
    scheduler_.trace(static_cast<std::uint64_t>(operation));
    scheduler_.trace(path);
    scheduler_.trace(position);
    scheduler_.trace(length);
  });
}

World::~World() { end_process(); }

runtime::WallTime World::wall() const { return kFirstDay + scheduler_.now().time_since_epoch() + wall_jump_; }

runtime::WallTime World::held_wall() { return last_wall_ = std::max(last_wall_, wall()); }

Loop& World::loop(std::string_view name) {
  Loop*& found = loops_[std::string(name)];
  if (found == nullptr) found = &scheduler_.add(std::make_unique<Loop>(scheduler_, std::string(name), [this] { return held_wall(); }));
  return *found;
}

Thread& World::thread(std::string_view name) {
  Thread*& found = threads_[std::string(name)];
  if (found == nullptr) found = &scheduler_.add(std::make_unique<Thread>(scheduler_, std::string(name)));
  return *found;
}

WorkerPool& World::workers() {
  if (workers_ == nullptr) workers_ = &scheduler_.add(std::make_unique<WorkerPool>(scheduler_, "workers", kWorkerThreads));
  return *workers_;
}

Network& World::network() {
  if (network_ == nullptr) network_ = std::make_unique<Network>(scheduler_);
  return *network_;
}

bool World::run_until(const std::function<bool()>& condition, std::chrono::nanoseconds within) {
  const runtime::MonotonicTime limit = scheduler_.now() + within;
  while (!condition()) {
    if (files_.is_halted()) return false;
    if (scheduler_.step()) continue;
    const auto next = scheduler_.next_event(Scheduler::Wait::kForAll);
    scheduler_.advance_to(std::min(next.value_or(limit), limit));
    if (!next || *next > limit) return condition();
  }
  return true;
}

void World::run_until_idle() {
  while (!files_.is_halted()) {
    if (scheduler_.step()) continue;
    const auto next = scheduler_.next_event(Scheduler::Wait::kForUnderWay);
    if (!next) return;
    scheduler_.advance_to(*next);
  }
}

void World::run_for(std::chrono::nanoseconds time) {
  run_until([] { return false; }, time);
}

bool World::run_steps(std::uint64_t count) {
  while (count > 0 && !files_.is_halted()) {
    if (scheduler_.step()) {
      --count;
      continue;
    }
    const auto next = scheduler_.next_event(Scheduler::Wait::kForAll);
    if (!next) return false;
    scheduler_.advance_to(*next);
  }
  return true;
}

void World::end_process() {
  scheduler_.kill_all();
  loops_.clear();
  threads_.clear();
  workers_ = nullptr;
  if (network_ != nullptr) network_->end_process();
  last_wall_ = {};
}

void World::kill() {
  end_process();
  files_.kill();
  scheduler_.spend(std::chrono::milliseconds(1 + scheduler_.random().below(1000)));
}

void World::lose_power() {
  end_process();
  files_.lose_power(scheduler_.random().next());
  scheduler_.spend(std::chrono::milliseconds(1000 + scheduler_.random().below(60'000)));
}

}  // namespace firth::sim
