// The turns of EpollLoop: what is asked of the system, what runs, and in which order.
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "base/assert.h"
#include "runtime/epoll_loop.h"
#include "runtime/system_error.h"
#include "runtime/thread.h"

namespace firth::runtime {

EpollLoop::EpollLoop(std::string_view name, Clock& clock) : name_(name), clock_(clock), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  FIRTH_ASSERT(epoll_.valid());
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};  // no source: the waker
  FIRTH_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, waker_.descriptor(), &event) == 0);
  read_clock();
}

EpollLoop::~EpollLoop() { stop(); }

void EpollLoop::start() {
  FIRTH_ASSERT(!thread_.joinable() && !stopping_);
  thread_ = start_thread(name_, [this] { run(); });
}

void EpollLoop::stop() {
  if (thread_.joinable()) {
    post([this] { stopping_.store(true, std::memory_order_relaxed); });
    thread_.join();
  }
  posted_.close();
  jobs_ = {};
  timers_ = {};
  sources_.clear();
  retired_.clear();
}

void EpollLoop::post(Job job) {
  posted_.push(std::move(job));
  waker_.wake();
}

TimerId EpollLoop::schedule(MonotonicTime deadline, Job job) { return timers_.add(deadline, std::move(job)); }

void EpollLoop::set_turn_end_hook(TurnStage stage, TurnEndHook& hook) { hooks_[static_cast<std::size_t>(stage)] = &hook; }

void EpollLoop::request_turn_end(TurnStage stage) {
  FIRTH_ASSERT(hooks_[static_cast<std::size_t>(stage)] != nullptr);
  requested_[static_cast<std::size_t>(stage)] = true;
}

bool EpollLoop::nothing_ready() {
  if (has_own_work() || !posted_.empty() || time_to_sleep() == std::chrono::nanoseconds(0)) return false;
  epoll_event event;  // level-triggered: what this reports is reported again
  return ::epoll_wait(epoll_.get(), &event, 1, 0) <= 0;
}

void EpollLoop::run() {
  while (!stopping_.load(std::memory_order_relaxed)) {
    const int event_count = wait();
    read_clock();
    run_sources(event_count);
    run_jobs();
    run_timers();
    run_stages();
    finish_turn();
  }
}

// What this thread left for itself: jobs over the bound, sources and stages of the next turn.
bool EpollLoop::has_own_work() const {
  return !jobs_.empty() || !next_turn_.empty() || !turn_end_.empty() || !retired_.empty() || std::ranges::count(requested_, true) > 0;
}

std::chrono::nanoseconds EpollLoop::time_to_sleep() const {
  const auto deadline = timers_.next_deadline();
  if (!deadline) return std::chrono::nanoseconds::max();
  return std::max(*deadline - clock_.monotonic(), std::chrono::nanoseconds(0));
}

int EpollLoop::wait() {
  std::chrono::nanoseconds timeout{0};
  if (!has_own_work()) {
    timeout = time_to_sleep();
    if (timeout.count() != 0) waker_.before_sleep();
    if (!posted_.empty()) timeout = std::chrono::nanoseconds(0);
  }
  const auto seconds = std::chrono::floor<std::chrono::seconds>(timeout);
  const timespec limit{.tv_sec = seconds.count(), .tv_nsec = (timeout - seconds).count()};
  const bool forever = timeout == std::chrono::nanoseconds::max();
  const int count = ::epoll_pwait2(epoll_.get(), events_.data(), kMaxSocketEvents, forever ? nullptr : &limit, nullptr);
  FIRTH_ASSERT(count >= 0 || errno == EINTR);
  waker_.after_sleep();
  return count;
}

void EpollLoop::read_clock() {
  now_ = clock_.monotonic();
  wall_now_ = std::max(wall_now_, clock_.wall());
}

void EpollLoop::run_sources(int event_count) {
  running_.swap(next_turn_);
  for (EventSource* const source : running_) source->at_next_turn_ = false;
  for (EventSource* const source : running_) source->on_next_turn();
  running_.clear();
  for (int i = 0; i < event_count; ++i) {
    auto* const source = static_cast<EventSource*>(events_[i].data.ptr);
    if (source != nullptr) source->on_ready(events_[i].events);
    else waker_.drain();
  }
}

void EpollLoop::run_jobs() {
  for (int i = 0; i < kMaxJobs; ++i) {
    if (jobs_.empty()) {
      if (posted_.empty()) return;
      jobs_ = posted_.take_all();
    }
    jobs_.pop()();
    if (stopping_.load(std::memory_order_relaxed)) return;
  }
}

void EpollLoop::run_timers() {
  for (int i = 0; i < kMaxTimers; ++i) {
    Job job = timers_.take_due(now_);
    if (!job) return;
    job();
  }
}

// Earlier stages first, and again when a later one asked for them: what a commit released goes out in the same turn.
void EpollLoop::run_stages() {
  for (int pass = 0; pass < kMaxStagePasses; ++pass) {
    bool ran = false;
    for (std::size_t stage = 0; stage < hooks_.size(); ++stage) {
      if (!std::exchange(requested_[stage], false)) continue;
      hooks_[stage]->on_turn_end();
      ran = true;
    }
    if (!ran) return;
  }
}

// Sources that are touched while others end their turn (a handler learns of drained output and appends) have their end with the next one.
void EpollLoop::finish_turn() {
  running_.swap(turn_end_);
  for (EventSource* const source : running_) source->at_turn_end_ = false;
  for (EventSource* const source : running_) source->on_turn_end();
  running_.clear();
  if (retired_.empty()) return;
  const auto retired = [](const EventSource* source) { return source->place_ == SIZE_MAX; };
  std::erase_if(next_turn_, retired);
  std::erase_if(turn_end_, retired);
  const auto gone = std::exchange(retired_, {});  // what they own may retire others
}

void EpollLoop::add(std::unique_ptr<EventSource> source) {
  source->place_ = sources_.size();
  sources_.push_back(std::move(source));
}

void EpollLoop::retire(EventSource& source) {
  const std::size_t place = source.place_;
  if (place == SIZE_MAX) return;
  FIRTH_ASSERT(sources_[place].get() == &source);
  retired_.push_back(std::move(sources_[place]));
  if (place + 1 != sources_.size()) {
    sources_[place] = std::move(sources_.back());
    sources_[place]->place_ = place;
  }
  sources_.pop_back();
  source.place_ = SIZE_MAX;
}

Result<void> EpollLoop::watch(int descriptor, std::uint32_t epoll_events, EventSource& source) {
  epoll_event event{.events = epoll_events, .data = {.ptr = &source}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) return system_error("watch", "socket", errno);
  return {};
}

void EpollLoop::rewatch(int descriptor, std::uint32_t epoll_events, EventSource& source) {
  epoll_event event{.events = epoll_events, .data = {.ptr = &source}};
  FIRTH_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &event) == 0);
}

void EpollLoop::at_next_turn(EventSource& source) {
  if (!std::exchange(source.at_next_turn_, true)) next_turn_.push_back(&source);
}

void EpollLoop::at_turn_end(EventSource& source) {
  if (!std::exchange(source.at_turn_end_, true)) turn_end_.push_back(&source);
}

std::unique_ptr<LoopThread> make_loop(std::string_view name, Clock& clock) { return std::make_unique<EpollLoop>(name, clock); }

}  // namespace firth::runtime
