#include "runtime/shard.h"

#include <gtest/gtest.h>

#include <semaphore>

#include "runtime/await.h"

namespace firth::runtime {
namespace {

using namespace std::chrono_literals;

class ShardsTest : public testing::Test {
 protected:
  void make(std::size_t count, std::size_t connections_per_shard = Shards::kDefaultConnectionsPerShard) {
    std::vector<LoopThread*> loops;
    for (std::size_t i = 0; i < count; ++i) {
      loops_.push_back(make_loop("shard-" + std::to_string(i), *clock_));
      loops.push_back(loops_.back().get());
    }
    shards_ = std::make_unique<Shards>(loops, *clock_, memory_, connections_per_shard);
  }
  Shard& shard(std::uint32_t index) { return (*shards_)[ShardIndex(index)]; }

  std::unique_ptr<Clock> clock_ = make_clock();
  std::vector<std::unique_ptr<LoopThread>> loops_;
  MemoryGovernor memory_{std::size_t{1} << 30};
  std::unique_ptr<Shards> shards_;
};

TEST_F(ShardsTest, ConnectionsFillTheFirstThenGoToTheLeastLoaded) {
  make(3, 2);
  std::string placed;
  for (int i = 0; i < 8; ++i) placed += std::to_string(shards_->place_connection().value());
  EXPECT_EQ(placed, "00112201");
  shards_->release_connection(ShardIndex(2));
  EXPECT_EQ(shards_->place_connection(), ShardIndex(2));
  shards_->release_connection(ShardIndex(1));
  shards_->release_connection(ShardIndex(1));
  EXPECT_EQ(shards_->place_connection(), ShardIndex(1));
}

TEST_F(ShardsTest, MessagesArriveInOrderInOneBatchPerTurn) {
  make(2);
  std::vector<int> seen;
  std::vector<MonotonicTime> turns;
  std::binary_semaphore done(0);
  shard(0).loop.post([&] {
    for (int i = 0; i < 1000; ++i)
      shard(0).mailbox.post(ShardIndex(1), [&, i] {
        seen.push_back(i);
        turns.push_back(shard(1).loop.now());
        if (i == 999) done.release();
      });
    EXPECT_TRUE(seen.empty());
  });
  shards_->start();
  done.acquire();
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(seen[i], i);
  EXPECT_EQ(turns.front(), turns.back());
  shards_->stop();
}

// Every shard bounces tokens to every other: the wake-ups of all of them race.
struct Bounce {
  Shards& shards;
  std::atomic<int> running{0};
  std::binary_semaphore done{0};

  void go(ShardIndex at, int left, std::uint32_t seed) {
    if (left == 0) {
      if (--running == 0) done.release();
      return;
    }
    const ShardIndex next((seed >> 16) % static_cast<std::uint32_t>(shards.size()));
    shards[at].mailbox.post(next, [this, next, left, seed] { go(next, left - 1, seed * 1664525 + 1013904223); });
  }
};

TEST_F(ShardsTest, LoseNoMessageHoweverTheySleep) {
  make(3);
  Bounce bounce{*shards_};
  bounce.running = 6;
  for (std::uint32_t token = 0; token < 6; ++token)
    shard(token % 3).loop.post([&bounce, token] { bounce.go(ShardIndex(token % 3), 5000, token * 7919); });
  shards_->start();
  bounce.done.acquire();
  shards_->stop();
}

TEST_F(ShardsTest, CountersAreSummedOverShards) {
  make(2);
  shard(0).counters.add(Counter::kConnectionsAccepted, 3);
  shard(1).counters.add(Counter::kConnectionsAccepted);
  shard(1).counters.add(Counter::kConnections, 2);
  shard(1).counters.subtract(Counter::kConnections);
  EXPECT_EQ(shards_->sum(Counter::kConnectionsAccepted), 4u);
  EXPECT_EQ(shards_->sum(Counter::kConnections), 1u);
  EXPECT_EQ(info(Counter::kConnections).metric, "firth_connections");
  for (const CounterInfo& one : kCounterInfo) {
    EXPECT_TRUE(one.metric.starts_with("firth_"));
    EXPECT_EQ(one.metric.ends_with("_total"), one.kind == CounterKind::kTotal) << one.metric;
    EXPECT_TRUE(one.help.ends_with('.')) << one.metric;
  }
}

Task<> sleep_until_cancelled(Shard& shard, std::atomic<int>& ended) {
  const Result<void> slept = co_await sleep_until(shard.loop, shard.loop.now() + 1h, shard.tasks.cancellation());
  if (!slept) ++ended;
}

TEST_F(ShardsTest, StopCancelsTasksAndWaitsForThem) {
  make(2);
  std::atomic<int> ended{0};
  for (std::uint32_t i = 0; i < 2; ++i) shard(i).loop.post([&, i] { shard(i).tasks.spawn(sleep_until_cancelled(shard(i), ended)); });
  shards_->start();
  shards_->stop();
  EXPECT_EQ(ended, 2);
}

}  // namespace
}  // namespace firth::runtime
