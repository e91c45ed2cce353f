#include "log/inspect.h"

#include <gtest/gtest.h>

#include "tests/log/disk_world.h"

namespace firth::log {
namespace {

using namespace test;

// A directory with sealed segments, pieces, erasures, and frames behind the manifest; closed by a kill.
void fill(DiskWorld& disk) {
  ASSERT_TRUE(disk.open()) << disk.error;
  const auto on_shard = [&](std::function<void()> work) {
    disk.world.loop("shard0").post(std::move(work));
    disk.world.run_until_idle();
  };
  on_shard([&] {
    (void)disk.home(0).group(DiskWorld::group_of(0)).create(partition_key(0), {.catalog_version = 1, .config = as_bytes("sync")}).ok();
  });
  for (int i = 0; i < 30; ++i) on_shard([&] { ASSERT_TRUE(disk.partition(0)->append(make_batch(std::string(500, 'x'), 2)).ok()); });
  disk.disk->checkpointer().request();
  disk.world.run_until_idle();
  on_shard([&] {
    ASSERT_TRUE(disk.partition(0)->append(make_batch("behind the manifest")).ok());
    ASSERT_TRUE(disk.partition(0)->act_on_piece({.piece = {.kind = 7, .id = "c"}, .act = as_bytes("a")}).ok());
  });
  disk.kill();
}

TEST(Inspect, CountsWhatIsThereAndWritesNothing) {
  DiskWorld disk(1, 1, 32 << 20);
  fill(disk);
  disk.world.files().reset_counters();
  const auto found = inspect(disk.world.files(), "data", {});
  ASSERT_TRUE(found.ok()) << found.error().text;
  EXPECT_EQ(found->complaints, std::vector<std::string>());
  EXPECT_EQ(found->partitions, 1u);
  EXPECT_GT(found->segments, 2u);
  EXPECT_EQ(found->batches, 30u);
  EXPECT_EQ(found->records, 60u);
  EXPECT_GE(found->entries, 2u);
  const sim::Counters counters = disk.world.files().counters();
  EXPECT_EQ(counters.write_at + counters.sync_data + counters.sync_directory + counters.sync_filesystem, 0u);
}

TEST(Inspect, NamesAFlippedBitInASegment) {
  DiskWorld disk(2, 1, 32 << 20);
  fill(disk);
  const std::string path = partition_directory("data/partitions", partition_key(0)) + "/00000000000000000000.log";
  disk.world.files().flip_bit(path, 700, 3);
  const auto found = inspect(disk.world.files(), "data", {});
  ASSERT_TRUE(found.ok());
  ASSERT_FALSE(found->complaints.empty());
  EXPECT_NE(found->complaints[0].find("00000000000000000000.log"), std::string::npos) << found->complaints[0];
  EXPECT_GE(found->batches, 28u) << "it goes on past damage";
}

}  // namespace
}  // namespace firth::log
