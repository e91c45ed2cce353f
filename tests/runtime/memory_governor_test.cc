#include "runtime/memory_account.h"

#include <gtest/gtest.h>

#include <semaphore>
#include <thread>

namespace firth::runtime {
namespace {

class InlineExecutor final : public Executor {
 public:
  void post(Job job) override { job(); }
};

TEST(MemoryGovernor, RefusesWhatWouldPassTheBudget) {
  MemoryGovernor governor(1000);
  EXPECT_TRUE(governor.try_reserve(MemoryKind::kTails, 600));
  EXPECT_FALSE(governor.try_reserve(MemoryKind::kRequests, 401));
  EXPECT_FALSE(governor.try_reserve(MemoryKind::kRequests, SIZE_MAX));
  EXPECT_TRUE(governor.try_reserve(MemoryKind::kRequests, 400));
  EXPECT_TRUE(governor.try_reserve(MemoryKind::kRequests, 0));
  governor.reserve(MemoryKind::kOutBuffers, 500);  // what arrived is counted
  EXPECT_EQ(governor.used_bytes(), 1500u);
  EXPECT_FALSE(governor.try_reserve(MemoryKind::kTails, 0));
  governor.release(MemoryKind::kOutBuffers, 500);
  EXPECT_EQ(governor.used_bytes(MemoryKind::kTails), 600u);
  EXPECT_EQ(governor.used_bytes(MemoryKind::kOutBuffers), 0u);
  EXPECT_EQ(governor.refusals(MemoryKind::kRequests), 2u);
  EXPECT_EQ(governor.refusals(MemoryKind::kTails), 1u);
  EXPECT_EQ(to_string(MemoryKind::kDecodedBatches), "decoded_batches");
}

TEST(MemoryGovernor, TellsWaitersOnceWhenUseHasFallen) {
  MemoryGovernor governor(800);
  InlineExecutor home;
  int told = 0;
  governor.when_below(home, [&] { ++told; });
  EXPECT_EQ(told, 1);  // nothing is used
  ASSERT_TRUE(governor.try_reserve(MemoryKind::kTails, 800));
  governor.when_below(home, [&] { ++told; });
  governor.release(MemoryKind::kTails, 99);
  EXPECT_EQ(told, 1);
  governor.release(MemoryKind::kTails, 1);
  EXPECT_EQ(told, 2);
  governor.release(MemoryKind::kTails, 700);
  EXPECT_EQ(told, 2);
}

TEST(MemoryGovernor, NoWaiterIsForgotten) {
  MemoryGovernor governor(100);
  InlineExecutor home;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        while (!governor.try_reserve(MemoryKind::kTails, 60)) {
          std::binary_semaphore below(0);
          governor.when_below(home, [&] { below.release(); });
          below.acquire();
        }
        governor.release(MemoryKind::kTails, 60);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(governor.used_bytes(), 0u);
}

TEST(MemoryAccount, FollowsInStepsAndGivesEverythingBack) {
  constexpr std::size_t kStep = MemoryAccount::kStepBytes;
  MemoryGovernor governor(10 * kStep);
  {
    MemoryAccount account(MemoryKind::kOutBuffers);
    EXPECT_FALSE(account.follow(5 * kStep)) << "not attached: nothing is counted";
    account.attach(governor);
    struct Row {
      std::size_t bytes, counted;
      bool refused;
    };
    const Row rows[] = {{1, 0, false},
                        {kStep, 0, false},
                        {kStep + 1, kStep + 1, false},
                        {2 * kStep, kStep + 1, false},
                        {10 * kStep, 10 * kStep, false},
                        {12 * kStep, 12 * kStep, true},
                        {12 * kStep + 1, 12 * kStep, false},
                        {11 * kStep, 12 * kStep, false},
                        {3 * kStep, 3 * kStep, false},
                        {0, 0, false},
                        {8 * kStep, 8 * kStep, false}};
    for (const Row& row : rows) {
      EXPECT_EQ(account.follow(row.bytes), row.refused) << row.bytes;
      EXPECT_EQ(governor.used_bytes(MemoryKind::kOutBuffers), row.counted) << row.bytes;
    }
  }
  EXPECT_EQ(governor.used_bytes(), 0u);
  EXPECT_EQ(governor.refusals(MemoryKind::kOutBuffers), 1u);
}

}  // namespace
}  // namespace firth::runtime
