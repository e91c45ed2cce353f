#include "runtime/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <thread>
#include <vector>

#include "runtime/job_queue.h"
#include "runtime/worker_pool.h"

namespace firth::runtime {
namespace {

TEST(JobQueue, GivesBackInOrderAndDestroysTheRest) {
  JobQueue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.take_all().empty());
  std::vector<int> order;
  const auto token = std::make_shared<int>(0);
  for (int i = 0; i < 5; ++i) queue.push([&order, i, token] { order.push_back(i); });
  {
    JobQueue::List jobs = queue.take_all();
    EXPECT_TRUE(queue.empty());
    for (int i = 0; i < 3; ++i) jobs.pop()();
  }
  EXPECT_EQ(order, (std::vector{0, 1, 2}));
  EXPECT_EQ(token.use_count(), 1);
  queue.push([token] {});
  queue.close();
  queue.push([token] {});
  EXPECT_EQ(token.use_count(), 1);
}

TEST(ThreadExecutor, RunsThePostersJobsInTheirOrder) {
  constexpr int kPosters = 4;
  constexpr int kJobs = 5000;
  std::vector<std::vector<int>> seen(kPosters);
  {
    const auto executor = make_thread("test");
    std::vector<std::thread> posters;
    for (int p = 0; p < kPosters; ++p)
      posters.emplace_back([&, p] {
        for (int i = 0; i < kJobs; ++i) executor->post([&seen, p, i] { seen[p].push_back(i); });
      });
    for (std::thread& poster : posters) poster.join();
  }
  for (const std::vector<int>& one : seen) {
    ASSERT_EQ(one.size(), static_cast<std::size_t>(kJobs));
    for (int i = 0; i < kJobs; ++i) ASSERT_EQ(one[i], i);
  }
}

// Each post finds the thread asleep or about to sleep: the race that a lost wake-up would show in.
TEST(ThreadExecutor, LosesNoWakeUp) {
  const auto executor = make_thread("test");
  std::binary_semaphore done(0);
  for (int i = 0; i < 20000; ++i) {
    executor->post([&] { done.release(); });
    done.acquire();
  }
}

TEST(ThreadExecutor, DestroysWhatIsPostedAfterTheStop) {
  const auto token = std::make_shared<int>(0);
  int ran = 0;
  {
    auto executor = make_thread("test");
    Executor& self = *executor;
    executor->post([&ran, &self, token] {
      ++ran;
      for (int i = 0; i < 3; ++i) self.post([&ran, token] { ++ran; });
    });
    executor->post([&ran] { ++ran; });
  }
  EXPECT_GE(ran, 2);
  EXPECT_EQ(token.use_count(), 1);
}

TEST(WorkerPool, RunsWorkAndThenItsCompletionAtHome) {
  std::atomic<int> worked{0};
  int completed = 0;
  std::thread::id home_thread;
  bool elsewhere = false;
  {
    const auto home = make_thread("home");
    home->post([&] { home_thread = std::this_thread::get_id(); });
    const auto pool = make_worker_pool(3);
    for (int i = 0; i < 500; ++i) {
      auto result = std::make_shared<int>(0);
      Job done;
      if (i % 5 != 0)
        done = [&, result] {
          EXPECT_EQ(*result, 1);
          elsewhere |= std::this_thread::get_id() != home_thread;
          ++completed;
        };
      pool->submit(
          [&worked, result] {
            ++*result;
            ++worked;
          },
          *home, std::move(done));
    }
  }
  EXPECT_EQ(worked, 500);
  EXPECT_EQ(completed, 400);
  EXPECT_FALSE(elsewhere);
}

}  // namespace
}  // namespace firth::runtime
