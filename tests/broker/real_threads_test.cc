// The broker on real threads, loops and files: what the simulation plays one step at a time must hold when it happens at once. Its main
// reader is ThreadSanitizer.
#include <gtest/gtest.h>

#include <stdlib.h>

#include <atomic>
#include <semaphore>

#include "broker/broker.h"
#include "log/batch_builder.h"

namespace firth::broker {
namespace {

constexpr std::uint32_t kShards = 2;
constexpr int kPartitions = 4;
constexpr int kBatches = 300;

SharedBytes one_record(int n) {
  std::vector<std::byte> bytes;
  log::BatchBuilder builder(bytes, {});
  const std::string text = std::to_string(n);
  builder.append({.timestamp_ms = 1, .key = std::nullopt, .value = as_bytes(text), .headers = {}});
  return SharedBytes::copy(builder.finish());
}

// A server's threads around one data directory.
class RealBroker {
 public:
  explicit RealBroker(const std::string& directory) {
    for (std::uint32_t i = 0; i < kShards; ++i) loops_.push_back(runtime::make_loop("shard", *clock_));
    std::vector<runtime::LoopThread*> pointers;
    for (const auto& loop : loops_) pointers.push_back(loop.get());
    shards_ = std::make_unique<runtime::Shards>(pointers, *clock_, memory_);
    auto opened = Broker::open(
        {.disk = {.directory = directory, .journal = {}}}, *shards_,
        {.files = *files_, .random = *random_, .commit_thread = *commit_, .checkpoint_thread = *checkpoint_, .workers = *workers_});
    EXPECT_TRUE(opened.ok()) << opened.error().text;
    broker_ = *std::move(opened);
    shards_->start();
    EXPECT_TRUE(wait(broker_->start()).ok());
  }
  ~RealBroker() {
    std::binary_semaphore settled(0);
    broker_->settle([&] { settled.release(); });
    settled.acquire();
    shards_->stop();
  }

  // Runs a task on shard 0 and waits for it on the test's thread.
  template <class T>
  T wait(runtime::Task<T> task) {
    std::optional<T> result;
    std::binary_semaphore done(0);
    runtime::Shard& first = (*shards_)[ShardIndex(0)];
    first.loop.post([&] { first.tasks.spawn(keep(std::move(task), result, done)); });
    done.acquire();
    return std::move(*result);
  }
  void on(ShardBroker& shard, std::function<void()> work) {
    std::binary_semaphore done(0);
    shard.shard().loop.post([&] {
      work();
      done.release();
    });
    done.acquire();
  }
  Broker& broker() { return *broker_; }

 private:
  template <class T>
  static runtime::Task<> keep(runtime::Task<T> task, std::optional<T>& result, std::binary_semaphore& done) {
    result.emplace(co_await std::move(task));
    done.release();
  }

  const std::unique_ptr<runtime::Clock> clock_ = runtime::make_clock();
  const std::unique_ptr<runtime::Random> random_ = runtime::make_random();
  const std::unique_ptr<runtime::Files> files_ = runtime::make_files();
  std::vector<std::unique_ptr<runtime::LoopThread>> loops_;
  runtime::MemoryGovernor memory_{std::size_t{1} << 30};
  std::unique_ptr<runtime::Shards> shards_;
  std::unique_ptr<Broker> broker_;
  // Ended before the broker: what was posted to them uses it.
  const std::unique_ptr<runtime::Executor> commit_ = runtime::make_thread("commit");
  const std::unique_ptr<runtime::Executor> checkpoint_ = runtime::make_thread("checkpoint");
  const std::unique_ptr<runtime::WorkerPool> workers_ = runtime::make_worker_pool(2);
};

TEST(RealThreads, WhatTwoShardsAppendAtOnceIsAcknowledgedAndThereAfterARestart) {
  std::string directory = testing::TempDir() + "/firth-XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  TopicPointer topic;
  {
    RealBroker real(directory);
    auto made = real.wait(real.broker().create_topic(real.broker().shard(ShardIndex(0)), {.name = "t", .partition_count = kPartitions}));
    ASSERT_TRUE(made.ok()) << made.error().text;
    topic = *made;
    std::counting_semaphore<> acknowledged(0);
    std::atomic<int> failed{0};
    for (int n = 0; n < kBatches; ++n) {
      for (int p = 0; p < kPartitions; ++p) {
        ShardBroker& home = real.broker().home(topic->partitions[static_cast<std::size_t>(p)]);
        home.shard().loop.post([&, p, n] {
          log::Partition* partition = home.local_partition(*topic, PartitionIndex(p));
          if (!partition->append(one_record(n)).ok()) ++failed;
          partition->when_released([&](const Result<void>& result) {
            if (!result.ok()) ++failed;
            acknowledged.release();
          });
        });
      }
      if (n % 100 == 0) real.broker().disk().checkpointer().request();
    }
    for (int i = 0; i < kBatches * kPartitions; ++i) acknowledged.acquire();
    EXPECT_EQ(failed.load(), 0);
  }
  RealBroker real(directory);
  EXPECT_EQ(real.broker().disk().recovery().replayed_frames, 0u) << "a clean stop";
  for (int p = 0; p < kPartitions; ++p) {
    ShardBroker& home = real.broker().home(topic->partitions[static_cast<std::size_t>(p)]);
    real.on(home, [&] {
      log::Partition* partition = home.local_partition(*topic, PartitionIndex(p));
      ASSERT_NE(partition, nullptr);
      EXPECT_EQ(partition->high_watermark(), Offset(kBatches));
      const auto read = partition->read_raw({.from = Offset(0), .bound = Offset(kBatches), .max_bytes = 10 << 20});
      ASSERT_TRUE(read.ok()) << read.error().text;
      EXPECT_EQ(read->next_offset, Offset(kBatches));
    });
  }
}

}  // namespace
}  // namespace firth::broker
