#include "runtime/loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <semaphore>
#include <thread>
#include <vector>

namespace firth::runtime {
namespace {

using namespace std::chrono_literals;

class LoopTest : public testing::Test {
 protected:
  // Runs the job on the loop's thread and waits for it.
  void on_loop(Job job) {
    std::binary_semaphore done(0);
    loop_->post([&] {
      job();
      done.release();
    });
    done.acquire();
  }

  std::unique_ptr<Clock> clock_ = make_clock();
  std::unique_ptr<LoopThread> loop_ = make_loop("test", *clock_);
};

TEST_F(LoopTest, RunsWhatWasPostedBeforeAndAfterTheStart) {
  std::vector<int> order;
  for (int i = 0; i < 300; ++i) loop_->post([&, i] { order.push_back(i); });
  loop_->start();
  on_loop([] {});
  ASSERT_EQ(order.size(), 300u);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(order[i], i);
}

TEST_F(LoopTest, TimersRunInOrderAndNotEarly) {
  std::vector<int> order;
  std::binary_semaphore done(0);
  loop_->post([&] {
    const MonotonicTime start = loop_->now();
    const auto run = [&, start](int number, std::chrono::nanoseconds delay) {
      return loop_->schedule(start + delay, [&, start, number, delay] {
        EXPECT_GE(loop_->now(), start + delay);
        order.push_back(number);
        if (number == 3) done.release();
      });
    };
    run(3, 3ms);
    run(1, 100us);
    const TimerId cancelled = run(9, 1ms);
    run(2, 2ms);
    run(0, -1s);
    loop_->cancel(cancelled);
  });
  loop_->start();
  done.acquire();
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3}));
}

class RecordingHook final : public TurnEndHook {
 public:
  RecordingHook(std::string& log, char name, Job then = {}) : log_(log), name_(name), then_(std::move(then)) {}
  void on_turn_end() override {
    log_ += name_;
    if (then_) std::exchange(then_, {})();
  }

 private:
  std::string& log_;
  char name_;
  Job then_;
};

TEST_F(LoopTest, StagesRunInOrderOncePerTurnAndAgainWhenALaterOneAsks) {
  std::string log;
  RecordingHook mailboxes(log, 'm');
  RecordingHook commit(log, 'c', [&] { loop_->request_turn_end(TurnStage::kMailboxes); });
  loop_->set_turn_end_hook(TurnStage::kMailboxes, mailboxes);
  loop_->set_turn_end_hook(TurnStage::kCommit, commit);
  loop_->start();
  on_loop([&] {
    loop_->request_turn_end(TurnStage::kCommit);
    loop_->request_turn_end(TurnStage::kCommit);
    loop_->request_turn_end(TurnStage::kMailboxes);
    log += 'j';
  });
  on_loop([] {});
  on_loop([] {});
  EXPECT_EQ(log, "jmcm");
}

// A job that posts itself again never lets the queue run empty: timers still come, and a turn still ends.
TEST_F(LoopTest, BusyJobsDoNotStarveTimers) {
  std::atomic<bool> fired{false};
  std::binary_semaphore done(0);
  std::function<void()> again = [&] {
    if (fired) done.release();
    else loop_->post([&] { again(); });
  };
  loop_->post([&] { loop_->schedule(loop_->now() + 1ms, [&] { fired = true; }); });
  loop_->post([&] { again(); });
  loop_->start();
  done.acquire();
}

TEST_F(LoopTest, NothingReadyAsksForJobsAndTimers) {
  loop_->start();
  on_loop([&] {
    EXPECT_TRUE(loop_->nothing_ready());
    const TimerId far = loop_->schedule(loop_->now() + 1h, [] {});
    EXPECT_TRUE(loop_->nothing_ready());
    loop_->cancel(far);
    const TimerId due = loop_->schedule(loop_->now() - 1ns, [] {});
    EXPECT_FALSE(loop_->nothing_ready());
    loop_->cancel(due);
    loop_->post([] {});
    EXPECT_FALSE(loop_->nothing_ready());
  });
}

// Each round finds the loop asleep, about to sleep, or awake.
TEST_F(LoopTest, LosesNoWakeUp) {
  loop_->start();
  constexpr int kPosters = 3;
  constexpr int kRounds = 3000;
  std::vector<std::thread> posters;
  int ran = 0;  // the loop's own
  for (int p = 0; p < kPosters; ++p)
    posters.emplace_back([&] {
      std::binary_semaphore done(0);
      for (int i = 0; i < kRounds; ++i) {
        loop_->post([&] {
          ++ran;
          done.release();
        });
        done.acquire();
      }
    });
  for (std::thread& poster : posters) poster.join();
  loop_->stop();
  EXPECT_EQ(ran, kPosters * kRounds);
}

TEST_F(LoopTest, StopDropsTimersAndLaterJobs) {
  const auto token = std::make_shared<int>(0);
  loop_->start();
  on_loop([&, token] { loop_->schedule(loop_->now() + 1h, [token] {}); });
  loop_->stop();
  loop_->post([token] {});
  EXPECT_EQ(token.use_count(), 1);
}

// The real time, and how often somebody asked for it.
class CountingClock final : public Clock {
 public:
  MonotonicTime monotonic() override {
    ++readings;
    return clock_->monotonic();
  }
  WallTime wall() override { return WallTime(std::chrono::seconds(wall_seconds.load())); }
  std::atomic<int> readings{0};
  std::atomic<std::int64_t> wall_seconds{100};

 private:
  std::unique_ptr<Clock> clock_ = make_clock();
};

TEST(LoopClock, AnIdleLoopSleepsUntilItsNextTimer) {
  CountingClock clock;
  const auto loop = make_loop("test", clock);
  std::binary_semaphore done(0);
  int before = 0;
  int after = 0;
  loop->post([&] {
    before = clock.readings;
    loop->schedule(loop->now() + 50ms, [&] {
      after = clock.readings;
      done.release();
    });
  });
  loop->start();
  done.acquire();
  EXPECT_LE(after - before, 4);  // one to know how long to sleep, one in the turn of the timer
}

TEST(LoopClock, WallTimeNeverRunsBackwards) {
  CountingClock clock;
  const auto loop = make_loop("test", clock);
  loop->start();
  for (const auto& [system, expected] : {std::pair(100, 100), {200, 200}, {50, 200}, {199, 200}, {201, 201}}) {
    clock.wall_seconds = system;
    std::binary_semaphore done(0);
    WallTime seen;
    loop->post([&] {
      loop->schedule(loop->now() + 1ns, [&] {  // in a later turn, which began after the clock was set
        seen = loop->wall_now();
        done.release();
      });
    });
    done.acquire();
    EXPECT_EQ(seen, WallTime(std::chrono::seconds(expected))) << system;
  }
  loop->stop();
}

}  // namespace
}  // namespace firth::runtime
