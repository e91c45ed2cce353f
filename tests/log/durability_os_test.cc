// Durability `os`: released once written, so that kill -9 loses nothing; what power loss takes is a tail, and none of its offsets comes
// back.
#include <gtest/gtest.h>

#include "tests/log/disk_world.h"
#include "tests/mark.h"

namespace firth::log {
namespace {

using namespace test;

constexpr int kOs = 1, kSync = 4;  // two partitions of one group

class DurabilityOs : public testing::Test {
 protected:
  DurabilityOs() : disk(11, 1, 32 << 20) {}

  void SetUp() override {
    ASSERT_TRUE(disk.open()) << disk.error;
    on_shard([this] {
      for (const auto& [n, config] : {std::pair(kOs, "os"), std::pair(kSync, "sync")})
        ASSERT_TRUE(
            disk.home(n).group(DiskWorld::group_of(n)).create(partition_key(n), {.catalog_version = 1, .config = as_bytes(config)}).ok());
    });
    ASSERT_EQ(append(kOs, "the first one reserves"), Offset(0));
  }

  void on_shard(std::function<void()> work) {
    bool ran = false;
    disk.world.loop("shard0").post([&] {
      work();
      ran = true;
    });
    ASSERT_TRUE(disk.world.run_until([&] { return ran && disk.is_idle(); }, 10s));
  }

  // Appends one batch, which is released and synced when this returns.
  std::optional<Offset> append(int n, std::string_view text, std::int32_t count = 1) {
    std::optional<Offset> base;
    on_shard([&] {
      const auto appended = disk.partition(n)->append(make_batch(text, count));
      if (appended.ok()) base = *appended;
    });
    return base;
  }

  // Appends one batch; stops when it is released, and something else may still be under way.
  void append_and_stop(int n, std::string_view text) {
    bool released = false;
    disk.world.loop("shard0").post([&] {
      ASSERT_TRUE(disk.partition(n)->append(make_batch(text)).ok());
      disk.partition(n)->when_released([&](const Result<void>& result) { released = result.ok(); });
    });
    ASSERT_TRUE(disk.world.run_until([&] { return released; }, 10s));
  }

  void open_again() {
    ASSERT_TRUE(disk.open()) << disk.error;
    ASSERT_TRUE(disk.world.run_until([&] { return disk.is_idle(); }, 10s));
  }

  std::uint64_t syncs() { return disk.disk->committer().sync_count(); }

  DiskWorld disk;
};

TEST_F(DurabilityOs, IsReleasedByWritingAndSyncedWithinASecond) {
  const std::uint64_t before = syncs();
  append_and_stop(kOs, "a");
  EXPECT_EQ(syncs(), before) << "nobody waits for a sync";
  EXPECT_EQ(disk.partition(kOs)->high_watermark(), Offset(2));
  disk.world.run_for(1100ms);
  EXPECT_EQ(syncs(), before + 1);
  disk.lose_power();
  open_again();
  EXPECT_EQ(disk.partition(kOs)->read_raw({.from = Offset(1), .bound = Offset(2)})->batches.size(), 1u);
}

TEST_F(DurabilityOs, AKillLosesNothingAndLeavesNoHole) {
  append_and_stop(kOs, "a");
  disk.kill();
  open_again();
  EXPECT_EQ(disk.partition(kOs)->high_watermark(), Offset(2));
  EXPECT_EQ(append(kOs, "b"), Offset(2));
  EXPECT_EQ(disk.partition(kOs)->epoch(), LeaderEpoch(0));
}

TEST_F(DurabilityOs, PowerLossTakesATailAndTheLogGoesOnBehindWhatWasReserved) {
  const firth::test::Mark lost("log.partition.offsets_lost");
  append_and_stop(kOs, "a");
  const Offset reserved = disk.partition(kOs)->state().reserved;
  ASSERT_GE(reserved, Offset(2));
  disk.lose_power();
  open_again();
  EXPECT_EQ(lost.hits(), 1u);
  EXPECT_EQ(disk.partition(kOs)->high_watermark(), reserved);
  EXPECT_EQ(append(kOs, "b"), reserved);
  EXPECT_EQ(disk.partition(kOs)->epoch(), LeaderEpoch(1));
  ASSERT_EQ(disk.partition(kOs)->state().epochs.size(), 1u);
  EXPECT_EQ(disk.partition(kOs)->state().epochs[0].start, reserved);
  const auto read = disk.partition(kOs)->read_raw({.from = Offset(2), .bound = reserved + 1});
  ASSERT_TRUE(read.ok() && !read->batches.empty());
  EXPECT_EQ(BatchView(read->batches[0].view()).base_offset(), reserved) << "the hole is passed over";
  EXPECT_EQ(BatchView(read->batches[0].view()).leader_epoch(), LeaderEpoch(1));
}

TEST_F(DurabilityOs, AfterACleanStopPowerLossLeavesNoHole) {
  ASSERT_EQ(append(kOs, "a"), Offset(1));
  bool settled = false;
  disk.disk->settle([&] { settled = true; });
  ASSERT_TRUE(disk.world.run_until([&] { return settled; }, 10s));
  disk.lose_power();
  open_again();
  EXPECT_EQ(disk.disk->recovery().replayed_frames, 0u);
  EXPECT_EQ(append(kOs, "b"), Offset(2));
  EXPECT_EQ(disk.partition(kOs)->epoch(), LeaderEpoch(0));
}

TEST_F(DurabilityOs, ManyBlocksAreReservedAheadOfTheirUse) {
  const std::uint64_t before = syncs();
  for (int i = 0; i < 64; ++i) append_and_stop(kOs, "x");
  const std::uint64_t cost = syncs() - before;
  EXPECT_GE(cost, 64u / 8);
  EXPECT_LE(cost, 64u / 4 + 1) << "one for half a block";
  EXPECT_GE(disk.partition(kOs)->state().reserved, disk.partition(kOs)->next_offset());
}

// A batch that is larger than what is reserved for sure waits for the sync of its reservation, and what comes behind waits with it.
TEST_F(DurabilityOs, WhatIsNotReservedForSureWaitsForTheSync) {
  disk.world.files().inject(
      {.operation = sim::Operation::kSyncData, .path_contains = "journal", .effect = sim::Effect::kStall, .stall = 2s});
  int released = 0;
  disk.world.loop("shard0").post([&] {
    ASSERT_TRUE(disk.partition(kOs)->append(make_batch("large", 100)).ok());
    disk.partition(kOs)->when_released([&](const Result<void>& result) { released += result.ok(); });
  });
  disk.world.run_for(1s);
  EXPECT_EQ(released, 0);
  EXPECT_EQ(disk.partition(kOs)->high_watermark(), Offset(1));
  ASSERT_TRUE(disk.world.run_until([&] { return released == 1; }, 10s));
  EXPECT_EQ(disk.partition(kOs)->high_watermark(), Offset(101));
}

TEST_F(DurabilityOs, WhoAsksForMoreThanReleaseWaitsForTheSync) {
  const std::uint64_t before = syncs();
  bool committed = false;
  disk.world.loop("shard0").post([&] {
    ASSERT_TRUE(disk.partition(kOs)->append(make_batch("a")).ok());
    disk.partition(kOs)->when_committed([&](const Result<void>& result) {
      committed = result.ok();
      EXPECT_EQ(syncs(), before + 1);
    });
  });
  ASSERT_TRUE(disk.world.run_until([&] { return committed; }, 100ms)) << "it does not wait for the timer";
  disk.lose_power();
  open_again();
  EXPECT_EQ(disk.partition(kOs)->read_raw({.from = Offset(1), .bound = Offset(2)})->batches.size(), 1u);
}

TEST_F(DurabilityOs, AFailedSyncTellsWhoeverWaits) {
  disk.world.files().inject({.operation = sim::Operation::kSyncData, .path_contains = "journal"});
  std::optional<Errc> told;
  disk.world.loop("shard0").post([&] {
    ASSERT_TRUE(disk.partition(kOs)->append(make_batch("a")).ok());
    disk.partition(kOs)->when_committed(
        [&](const Result<void>& result) { told = result.ok() ? std::nullopt : std::optional(result.error().code); });
  });
  disk.world.run_for(1s);
  EXPECT_EQ(told, Errc::kStorage);
}

// From then on nothing is released before it is synced, and nothing needs to be reserved.
TEST_F(DurabilityOs, ATopicThatBecomesSyncGivesBackItsReservation) {
  on_shard([&] {
    ASSERT_TRUE(disk.partition(kOs)->act(EntryKind::kConfig, encode_config({.catalog_version = 2, .config = as_bytes("sync")})).ok());
  });
  EXPECT_GT(disk.partition(kOs)->state().reserved, Offset(1));
  EXPECT_EQ(append(kOs, "a"), Offset(1));
  EXPECT_EQ(disk.partition(kOs)->state().reserved, Offset(1));
  disk.lose_power();
  open_again();
  EXPECT_EQ(append(kOs, "b"), Offset(2));
  EXPECT_EQ(disk.partition(kOs)->epoch(), LeaderEpoch(0));
}

TEST_F(DurabilityOs, APartitionThatDiesBeforeItsDeathIsSyncedStaysWithinReach) {
  append_and_stop(kOs, "a");
  disk.world.loop("shard0").post([&] { ASSERT_TRUE(disk.partition(kOs)->act(EntryKind::kDeath, {}).ok()); });
  disk.disk->checkpointer().request();
  disk.world.run_for(3s);
  disk.disk->checkpointer().request();
  disk.world.run_for(3s);
  EXPECT_EQ(disk.home(kOs).find(partition_key(kOs)), nullptr);
  disk.kill();
  open_again();
  EXPECT_EQ(disk.partition(kOs), nullptr);
  EXPECT_EQ(append(kSync, "goes on"), Offset(0));
}

}  // namespace
}  // namespace firth::log
