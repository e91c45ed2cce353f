#include "runtime/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <semaphore>
#include <thread>

#include "runtime/await.h"
#include "runtime/completion.h"
#include "runtime/task_group.h"

namespace firth::runtime {
namespace {

using namespace std::chrono_literals;

Task<int> ready(int value) { co_return value; }

Task<> sum_up(int count, std::int64_t& sum) {
  for (int i = 0; i < count; ++i) sum += co_await ready(i);
}

TEST(Task, IsLazyAndTakesNoStackForReadyAwaits) {
  std::int64_t sum = 0;
  {
    const Task<> never_awaited = sum_up(10, sum);
  }
  EXPECT_EQ(sum, 0);
  TaskGroup group;
  group.spawn(sum_up(1'000'000, sum));
  EXPECT_EQ(group.size(), 0u);
  EXPECT_EQ(sum, 499'999'500'000);
}

// Counts constructions and destructions: a compiler that destroys a temporary of a co_await expression twice shows here.
struct Counted {
  explicit Counted(int& alive_now) : alive(&alive_now) { ++*alive; }
  Counted(const Counted& other) : alive(other.alive) { ++*alive; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*alive; }
  int* alive;
};
struct Request {
  std::string name;
  Counted counted;
};
Task<std::unique_ptr<std::string>> name_of(Request request) { co_return std::make_unique<std::string>(request.name); }
Task<> ask(int& alive, std::string& answer) { answer = *co_await name_of({.name = std::string(100, 'n'), .counted = Counted(alive)}); }

TEST(Task, DestroysTemporariesOnce) {
  int alive = 0;
  std::string answer;
  TaskGroup group;
  group.spawn(ask(alive, answer));
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(answer, std::string(100, 'n'));
}

Task<Result<int>> half(int value) {
  if (value % 2 != 0) co_return Error{Errc::kInvalid, "odd"};
  co_return value / 2;
}
Task<Result<int>> quarter(int value) {
  FIRTH_CO_TRY(const int once, co_await half(value));
  FIRTH_CO_TRY(const int twice, co_await half(once));
  co_return twice;
}
Task<> store(Task<Result<int>> task, std::optional<Result<int>>& result) { result = co_await std::move(task); }

TEST(Task, PassesErrorsUp) {
  std::optional<Result<int>> result;
  TaskGroup group;
  group.spawn(store(quarter(12), result));
  EXPECT_EQ(**result, 3);
  group.spawn(store(quarter(6), result));
  EXPECT_EQ(result->error().code, Errc::kInvalid);
}

Task<> wait_for(Completion<int>& completion, std::string& log) {
  const Result<int> result = co_await completion;
  log += result ? std::to_string(*result) : std::string(to_string(result.error().code));
}

TEST(Completion, IsDecidedByWhatComesFirst) {
  struct Row {
    std::string_view steps;  // a: await, f: fulfil, c: cancel, d: drop the fulfiller
    std::string_view expected;
  };
  for (const Row& row : {Row{"af", "7"},
                         {"fa", "7"},
                         {"ac", "cancelled"},
                         {"ca", "cancelled"},
                         {"ad", "cancelled"},
                         {"da", "cancelled"},
                         {"afcd", "7"},
                         {"acfd", "cancelled"},
                         {"adc", "cancelled"},
                         {"affa", "7"}}) {
    SCOPED_TRACE(row.steps);
    std::string log;
    TaskGroup group;
    Completion<int> completion;
    std::optional<Completion<int>::Fulfiller> fulfiller(completion.fulfiller());
    bool awaited = false;
    for (const char step : row.steps) {
      if (step == 'a' && !std::exchange(awaited, true)) group.spawn(wait_for(completion, log));
      if (step == 'f') (*fulfiller)(7);
      if (step == 'c') completion.cancel();
      if (step == 'd') fulfiller.reset();
    }
    EXPECT_EQ(log, row.expected);
  }
}

TEST(Completion, AFulfillerMayOutliveIt) {
  std::optional<Completion<>> completion(std::in_place);
  Completion<>::Fulfiller first = completion->fulfiller();
  Completion<>::Fulfiller moved = std::move(first);
  completion.reset();
  moved({});
}

Task<> close_group(TaskGroup& group, std::string& log) {
  co_await group.close();
  log += " closed";
}

TEST(TaskGroup, CloseWaitsForTheLastTask) {
  std::string log;
  TaskGroup outer;
  Completion<int> first, second;
  {
    TaskGroup group;
    group.spawn(wait_for(first, log));
    group.spawn(wait_for(second, log));
    EXPECT_EQ(group.size(), 2u);
    outer.spawn(close_group(group, log));
    EXPECT_TRUE(group.closed());
    second.fulfiller()(2);
    EXPECT_EQ(log, "2");
    first.fulfiller()(1);
    EXPECT_EQ(log, "21 closed");
  }
  TaskGroup empty;
  outer.spawn(close_group(empty, log));
  EXPECT_EQ(log, "21 closed closed");
}

TEST(Cancellation, CallsWhoIsRegisteredOnce) {
  Cancellation cancellation;
  int calls = 0;
  const Cancellation::Callback first(cancellation, [&] { ++calls; });
  std::optional<Cancellation::Callback> gone(std::in_place, cancellation, [&] { calls += 100; });
  std::optional<Cancellation::Callback> victim;
  const Cancellation::Callback destroyer(cancellation, [&] { victim.reset(); });
  victim.emplace(cancellation, [&] { ++calls; });  // registered last, called first
  gone.reset();
  cancellation.request();
  cancellation.request();
  EXPECT_EQ(calls, 2);
  const Cancellation::Callback late(cancellation, [&] { ++calls; });
  EXPECT_EQ(calls, 3);
}

class AwaitTest : public testing::Test {
 protected:
  // Runs the task on the loop and waits for its end.
  void run(std::function<Task<>()> make) {
    std::binary_semaphore done(0);
    TaskGroup group;
    TaskGroup closing;
    loop_->post([&] {
      group.spawn(make());
      closing.spawn(finish(group, done));
    });
    done.acquire();
    loop_->stop();
  }
  static Task<> finish(TaskGroup& group, std::binary_semaphore& done) {
    co_await group.close();
    done.release();
  }

  AwaitTest() { loop_->start(); }
  std::unique_ptr<Clock> clock_ = make_clock();
  std::unique_ptr<LoopThread> loop_ = make_loop("test", *clock_);
};

Task<> sleep_twice(Loop& loop, std::vector<MonotonicTime>& times) {
  times.push_back(loop.now());
  co_await sleep_until(loop, loop.now() + 1ms);
  times.push_back(loop.now());
  co_await sleep_until(loop, loop.now());  // at once
  times.push_back(loop.now());
}

TEST_F(AwaitTest, SleepsUntilTheTime) {
  std::vector<MonotonicTime> times;
  run([&] { return sleep_twice(*loop_, times); });
  EXPECT_GE(times[1], times[0] + 1ms);
  EXPECT_EQ(times[2], times[1]);
}

Task<> sleep_long(Loop& loop, Cancellation& cancellation, std::vector<Errc>& ends) {
  const Result<void> slept = co_await sleep_until(loop, loop.now() + 1h, cancellation);
  ends.push_back(slept ? Errc::kInvalid : slept.error().code);
}
Task<> cancel_sleepers(Loop& loop, std::vector<Errc>& ends) {
  TaskGroup group;
  for (int i = 0; i < 3; ++i) group.spawn(sleep_long(loop, group.cancellation(), ends));
  co_await sleep_until(loop, loop.now() + 1ms);
  group.cancel();
  group.spawn(sleep_long(loop, group.cancellation(), ends));  // after the request: does not wait at all
  co_await group.close();
}

TEST_F(AwaitTest, CancellingWakesSleepers) {
  std::vector<Errc> ends;
  run([&] { return cancel_sleepers(*loop_, ends); });
  EXPECT_EQ(ends, std::vector(4, Errc::kCancelled));
}

Task<> work_elsewhere(WorkerPool& pool, Loop& home, bool& moved, int& result) {
  const auto here = std::this_thread::get_id();
  const auto there = co_await on_worker(pool, home, [] { return std::this_thread::get_id(); });
  moved = there != here && std::this_thread::get_id() == here;
  co_await on_worker(pool, home, [&result] { result = 42; });
}

TEST_F(AwaitTest, WorkRunsOnAWorkerAndReturnsHome) {
  const auto pool = make_worker_pool(2);
  bool moved = false;
  int result = 0;
  run([&] { return work_elsewhere(*pool, *loop_, moved, result); });
  EXPECT_TRUE(moved);
  EXPECT_EQ(result, 42);
}

}  // namespace
}  // namespace firth::runtime
