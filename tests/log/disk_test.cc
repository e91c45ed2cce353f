#include "log/disk.h"

#include <gtest/gtest.h>

#include "tests/log/disk_world.h"

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

}  // namespace
}  // namespace firth::log
