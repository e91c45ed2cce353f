#include "log/disk.h"

#include <gtest/gtest.h>

#include "tests/log/disk_world.h"
#include "tests/mark.h"

namespace firth::log {
namespace {

using namespace test;

TEST(Disk, AThousandPartitionsInOneTurnCostOneSync) {
  DiskWorld disk(1, 1, 32 << 20);
  ASSERT_TRUE(disk.open()) << disk.error;
  int born = 0;
  disk.world.loop("shard0").post([&] {
    for (int n = 0; n < 1000; ++n) {
      PartitionKey key = partition_key(n);
      auto partition = disk.home(n).group(DiskWorld::group_of(n)).create(key, {.catalog_version = 1, .config = as_bytes("sync")});
      ASSERT_TRUE(partition.ok());
      (*partition)->when_released([&](const Result<void>& result) { born += result.ok(); });
    }
  });
  ASSERT_TRUE(disk.world.run_until([&] { return born == 1000; }, 10s));
  const std::uint64_t syncs = disk.disk->committer().sync_count();
  int acknowledged = 0;
  disk.world.loop("shard0").post([&] {
    for (int n = 0; n < 1000; ++n) {
      ASSERT_TRUE(disk.partition(n)->append(make_batch(std::string(1000, 'x'))).ok());
      disk.partition(n)->when_released([&](const Result<void>& result) { acknowledged += result.ok(); });
    }
  });
  ASSERT_TRUE(disk.world.run_until([&] { return acknowledged == 1000; }, 10s));
  EXPECT_EQ(disk.disk->committer().sync_count() - syncs, 1u);
}

// Tails of many partitions and a small budget: nothing is kept beyond it, and nothing is lost.
TEST(Disk, TailsStayWithinTheMemoryBudget) {
  const firth::test::Mark over("log.tail.over_budget");
  constexpr std::size_t kBudget = 1 << 20;
  constexpr int kPartitions = 20, kBatches = 8;
  constexpr std::size_t kBatchBytes = 50'000;
  DiskWorld disk(1, 1, 32 << 20, kBudget);
  ASSERT_TRUE(disk.open()) << disk.error;
  const auto on_shard = [&](std::function<void()> work) {
    disk.world.loop("shard0").post(std::move(work));
    disk.world.run_until_idle();
  };
  on_shard([&] {
    for (int n = 0; n < kPartitions; ++n)
      ASSERT_TRUE(disk.home(n)
                      .group(DiskWorld::group_of(n))
                      .create(partition_key(n), {.catalog_version = 1, .config = as_bytes("sync keep")})
                      .ok());
  });
  std::size_t greatest = 0;
  for (int batch = 0; batch < kBatches; ++batch) {
    for (int n = 0; n < kPartitions; ++n) {
      on_shard([&] { ASSERT_TRUE(disk.partition(n)->append(make_batch(std::string(kBatchBytes, static_cast<char>('a' + batch)))).ok()); });
      greatest = std::max(greatest, disk.memory.used_bytes());
    }
  }
  EXPECT_GT(over.hits(), 0u);
  EXPECT_GT(greatest, kBudget / 2);
  EXPECT_LT(greatest, kBudget + 2 * kBatchBytes);
  for (int n = 0; n < kPartitions; ++n) {
    const auto read = disk.partition(n)->read_raw({.from = Offset(0), .bound = Offset(kBatches), .max_bytes = 1 << 20});
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->next_offset, Offset(kBatches));
  }
  // What lies idle is given back when little is left.
  disk.world.run_for(Cleaner::kInterval + 1s);
  EXPECT_LE(disk.memory.used_bytes(), kBudget / 8 * 7);
}

// Two partitions in one frame: one is released when it is written, the other when it is synced, and not before.
TEST(Disk, EachHighWatermarkFollowsItsMark) {
  DiskWorld disk(1, 1, 32 << 20);
  ASSERT_TRUE(disk.open()) << disk.error;
  constexpr int kOsPartition = 0, kSyncPartition = 3;
  ASSERT_EQ(DiskWorld::group_of(kOsPartition), DiskWorld::group_of(kSyncPartition));
  const auto on_shard = [&](std::function<void(int n, const char* durability)> work) {
    disk.world.loop("shard0").post([work] {
      work(kOsPartition, "os");
      work(kSyncPartition, "sync");
    });
  };
  on_shard([&](int n, const char* durability) {
    auto made = disk.home(n).group(DiskWorld::group_of(n)).create(partition_key(n), {.catalog_version = 1, .config = as_bytes(durability)});
    ASSERT_TRUE(made.ok());
  });
  const auto append_to_both = [&] { on_shard([&](int n, const char*) { ASSERT_TRUE(disk.partition(n)->append(make_batch("x")).ok()); }); };
  disk.world.run_until_idle();
  append_to_both();  // the first of `os` waits until offsets are reserved
  disk.world.run_for(5s);
  for (std::int64_t next = 2; next <= 3; ++next) {
    disk.world.files().inject(
        {.operation = sim::Operation::kSyncData, .path_contains = "journal", .effect = sim::Effect::kStall, .stall = 1s});
    append_to_both();
    ASSERT_TRUE(disk.world.run_until([&] { return disk.partition(kOsPartition)->high_watermark() == Offset(next); }, 500ms));
    EXPECT_EQ(disk.partition(kSyncPartition)->high_watermark(), Offset(next - 1)) << "not synced yet";
    ASSERT_TRUE(disk.world.run_until([&] { return disk.partition(kSyncPartition)->high_watermark() == Offset(next); }, 2s));
  }
}

// The first checkpoint takes all there is, the second has nothing new and fails, a batch between its two ends.
TEST(Disk, AFailedCheckpointStillHoldsTheJournalOfWhatCameMeanwhile) {
  DiskWorld disk(1, 1, 32 << 20);
  ASSERT_TRUE(disk.open()) << disk.error;
  const auto on_shard = [&](std::function<void()> work) {
    disk.world.loop("shard0").post(std::move(work));
    disk.world.run_until_idle();
  };
  on_shard([&] {
    ASSERT_TRUE(
        disk.home(0).group(DiskWorld::group_of(0)).create(partition_key(0), {.catalog_version = 1, .config = as_bytes("sync")}).ok());
  });
  const auto begin = [&] {
    std::optional<Partition::Checkpoint> begun;
    on_shard([&] {
      auto checkpoint = disk.partition(0)->begin_checkpoint();
      if (checkpoint.ok()) begun.emplace(*std::move(checkpoint));
    });
    return begun;
  };
  const auto end = [&](const std::optional<Partition::Checkpoint>& checkpoint, bool committed) {
    ASSERT_TRUE(checkpoint.has_value());
    on_shard([&] { disk.partition(0)->end_checkpoint(*checkpoint, committed); });
  };
  end(begin(), true);
  const auto fails = begin();
  on_shard([&] { ASSERT_TRUE(disk.partition(0)->append(make_batch("meanwhile")).ok()); });
  end(fails, false);
  end(begin(), true);  // lets go of what the first one held
  EXPECT_TRUE(disk.partition(0)->held_from().has_value()) << "the batch is in one checkpoint only";
}

}  // namespace
}  // namespace firth::log
