// The real loop: one epoll instance, level-triggered, so that what a turn leaves in a socket is reported again, behind the others'.
// Only the real network sees this header: it adds the sources of events. Why not Asio: docs/decisions/0002.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "runtime/block_pool.h"
#include "runtime/job_queue.h"
#include "runtime/loop.h"
#include "runtime/read_block.h"
#include "runtime/timers.h"
#include "runtime/waker.h"

namespace firth::runtime {

// Something with a descriptor: a connection, a listener.
class EventSource {
 public:
  virtual ~EventSource() = default;
  virtual void on_ready(std::uint32_t epoll_events) = 0;
  virtual void on_next_turn() {}  // it asked for at_next_turn
  virtual void on_turn_end() {}   // it asked for at_turn_end

 private:
  friend class EpollLoop;
  std::size_t place_ = 0;  // in EpollLoop::sources_
  bool at_next_turn_ = false;
  bool at_turn_end_ = false;
};

class EpollLoop final : public LoopThread {
 public:
  EpollLoop(std::string_view name, Clock& clock);
  ~EpollLoop() override;

  void post(Job job) override;
  MonotonicTime now() const override { return now_; }
  WallTime wall_now() const override { return wall_now_; }
  TimerId schedule(MonotonicTime deadline, Job job) override;
  void cancel(TimerId timer) override { timers_.cancel(timer); }
  void set_turn_end_hook(TurnStage stage, TurnEndHook& hook) override;
  void request_turn_end(TurnStage stage) override;
  bool nothing_ready() override;
  void start() override;
  void stop() override;

  // For the network. The loop owns its sources until they retire or it stops; what retires is destroyed at the end of the turn, so that
  // events already fetched for it find it alive.
  void add(std::unique_ptr<EventSource> source);
  void retire(EventSource& source);
  Result<void> watch(int descriptor, std::uint32_t epoll_events, EventSource& source);
  void rewatch(int descriptor, std::uint32_t epoll_events, EventSource& source);
  void at_next_turn(EventSource& source);
  void at_turn_end(EventSource& source);
  ReadBlock& read_block() { return read_block_; }
  BlockPool& block_pool() { return block_pool_; }

 private:
  // Their sum bounds a turn; each kind has its share, so that none starves another.
  static constexpr int kMaxSocketEvents = 128;
  static constexpr int kMaxJobs = 96;
  static constexpr int kMaxTimers = 32;
  static_assert(kMaxSocketEvents + kMaxJobs + kMaxTimers == kMaxTurnEvents);
  static constexpr int kMaxStagePasses = 4;  // a commit may send messages, whose hook may commit

  void run();
  int wait();
  std::chrono::nanoseconds time_to_sleep() const;
  void read_clock();
  void run_sources(int event_count);
  void run_jobs();
  void run_timers();
  void run_stages();
  void finish_turn();
  bool has_own_work() const;

  const std::string name_;
  Clock& clock_;
  const Descriptor epoll_;
  MonotonicTime now_;
  WallTime wall_now_;

  JobQueue posted_;
  JobQueue::List jobs_;  // taken from posted_, and not run yet
  Waker waker_;
  Timers timers_;

  std::array<TurnEndHook*, kTurnStages> hooks_{};  // by TurnStage
  std::array<bool, kTurnStages> requested_{};

  BlockPool block_pool_;
  std::vector<std::unique_ptr<EventSource>> sources_, retired_;
  std::vector<EventSource*> next_turn_, turn_end_, running_;
  std::array<epoll_event, kMaxSocketEvents> events_;
  ReadBlock read_block_;

  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace firth::runtime
