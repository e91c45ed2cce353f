// What the log does when the machine fails under it, one test a row of docs/log.md's tables.
#include <gtest/gtest.h>

#include "log/disk.h"
#include "tests/log/disk_world.h"
#include "tests/mark.h"
#include "tests/sim/seeds.h"

namespace firth::log {
namespace {

using namespace test;

class DiskFailure : public testing::Test {
 protected:
  DiskFailure() : disk(5, 1, 32 << 20) {}

  void SetUp() override {
    ASSERT_TRUE(disk.open()) << disk.error;
    on_shard([this] {
      auto made = disk.home(0).group(DiskWorld::group_of(0)).create(partition_key(0), {.catalog_version = 1, .config = as_bytes("sync")});
      ASSERT_TRUE(made.ok());
    });
    ASSERT_NE(disk.partition(0), nullptr);
  }

  void on_shard(std::function<void()> work) {
    disk.world.loop("shard0").post(std::move(work));
    disk.world.run_until_idle();
  }

  // Appends one batch; what its waiter was told.
  std::optional<Result<void>> append(std::string_view text) {
    std::optional<Result<void>> told;
    on_shard([&] {
      const auto base = disk.partition(0)->append(make_batch(text));
      if (!base.ok()) told = base.error();
      else disk.partition(0)->when_released([&](const Result<void>& result) { told = result; });
    });
    return told;
  }

  std::vector<std::string> texts() {
    std::vector<std::string> found;
    Partition* partition = disk.partition(0);
    for (Offset at{0}; at < partition->high_watermark();) {
      const auto read = partition->read_raw({.from = at, .bound = partition->high_watermark()});
      EXPECT_TRUE(read.ok());
      if (!read.ok() || read->batches.empty()) break;
      for (const SharedBytes& bytes : read->batches)
        for (ByteView left = bytes.view(); !left.empty(); left = left.subspan(BatchView(left).size()))
          found.emplace_back(as_text(BatchView(left).records()));
      at = read->next_offset;
    }
    return found;
  }

  std::string journal_path() { return journal_file_path("data/journal", list_journal_files(disk.world.files(), "data/journal")->front()); }

  DiskWorld disk;
};

TEST_F(DiskFailure, AFailedSyncTellsEveryWaiterEndsWritingAndLeavesReading) {
  ASSERT_TRUE(append("kept")->ok());
  disk.world.files().inject({.operation = sim::Operation::kSyncData, .nth = 1, .path_contains = "journal"});
  const auto told = append("lost");
  ASSERT_TRUE(told.has_value());
  ASSERT_FALSE(told->ok());
  EXPECT_EQ(told->error().code, Errc::kStorage);
  EXPECT_TRUE(disk.status.failed);
  EXPECT_EQ(append("refused")->error().code, Errc::kStorage);
  EXPECT_EQ(texts(), std::vector<std::string>{"kept"});
  EXPECT_EQ(disk.partition(0)->next_offset(), Offset(1)) << "the overlay is dropped";
}

// What a restart finds after it stands in the page cache alone, and no sync writes it.
TEST(DiskFailureThenPowerLoss, WhatARestartFoundAfterAFailedSyncIsStillThere) {
  for (const std::uint64_t seed : firth::test::seeds(10)) {
    SCOPED_TRACE(firth::test::replay(seed));
    DiskWorld disk(seed, 1, 32 << 20);
    ASSERT_TRUE(disk.open()) << disk.error;
    const auto append = [&disk](std::string_view text) {
      bool released = false;
      disk.world.loop("shard0").post([&] {
        Group& group = disk.home(0).group(DiskWorld::group_of(0));
        if (disk.partition(0) == nullptr) (void)group.create(partition_key(0), {.catalog_version = 1, .config = as_bytes("sync")});
        Partition* const partition = group.find(partition_key(0));
        (void)partition->append(make_batch(text));
        partition->when_released([&](const Result<void>& result) { released = result.ok(); });
      });
      disk.world.run_until_idle();
      return released;
    };
    ASSERT_TRUE(append("kept"));
    disk.world.files().inject({.operation = sim::Operation::kSyncData, .nth = 1, .path_contains = "journal"});
    EXPECT_FALSE(append(std::string(5000, 'u')));
    disk.kill();
    ASSERT_TRUE(disk.open()) << disk.error;
    ASSERT_EQ(disk.partition(0)->high_watermark(), Offset(2)) << "it may be seen by now";
    ASSERT_TRUE(append("after"));
    disk.lose_power();
    ASSERT_TRUE(disk.open()) << disk.error;
    EXPECT_EQ(disk.disk->recovery().damages.size(), 0u);
    EXPECT_EQ(disk.partition(0)->high_watermark(), Offset(3));
  }
}

// Acknowledgements wait as long as it takes; what is released is read, and decided ones are not visible before their time.
TEST_F(DiskFailure, AStalledDiskHoldsAcknowledgementsAndNothingElse) {
  ASSERT_TRUE(append("kept")->ok());
  disk.world.files().inject(
      {.operation = sim::Operation::kSyncData, .nth = 1, .path_contains = "journal", .effect = sim::Effect::kStall, .stall = 20s});
  std::optional<Result<void>> told;
  disk.world.loop("shard0").post([&] {
    ASSERT_TRUE(disk.partition(0)->append(make_batch("waits")).ok());
    disk.partition(0)->when_released([&](const Result<void>& result) { told = result; });
  });
  disk.world.run_for(15s);
  EXPECT_FALSE(told.has_value());
  EXPECT_GT(disk.home(0).unreleased_bytes(), 0u);
  bool ran = false;
  disk.world.loop("shard0").post([&] {
    ran = true;
    EXPECT_EQ(texts(), std::vector<std::string>{"kept"});
    EXPECT_EQ(disk.partition(0)->next_offset(), Offset(2));
  });
  ASSERT_TRUE(disk.world.run_until([&] { return ran; }, 1s)) << "the shard goes on";
  ASSERT_TRUE(disk.world.run_until([&] { return told.has_value(); }, 10s));
  EXPECT_TRUE(told->ok());
  EXPECT_EQ(texts(), (std::vector<std::string>{"kept", "waits"}));
  EXPECT_EQ(disk.home(0).unreleased_bytes(), 0u);
  EXPECT_FALSE(disk.status.failed);
}

// What waits is bounded: then appends are refused, acts still go on, and all of it is released when the disk answers again.
TEST_F(DiskFailure, AStalledDiskRefusesWhatItCannotHold) {
  disk.world.files().inject(
      {.operation = sim::Operation::kSyncData, .nth = 1, .path_contains = "journal", .effect = sim::Effect::kStall, .stall = 20s});
  const std::string large(1 << 20, 'x');
  int taken = 0, released = 0, refused = 0;
  for (int i = 0; i < 200; ++i) {
    disk.world.loop("shard0").post([&] {
      const auto base = disk.partition(0)->append(make_batch(large));
      if (!base.ok()) {
        EXPECT_EQ(base.error().code, Errc::kUnavailable);
        ++refused;
        return;
      }
      ++taken;
      disk.partition(0)->when_released([&](const Result<void>& result) { released += result.ok(); });
    });
    disk.world.run_for(1ms);
  }
  EXPECT_GT(refused, 0);
  EXPECT_LE(disk.home(0).unreleased_bytes(), ShardLog::kMostUnreleasedBytes + (2 << 20));
  EXPECT_EQ(released, 0);
  ASSERT_TRUE(disk.world.run_until([&] { return released == taken; }, 30s));
  EXPECT_TRUE(append("goes on")->ok());
}

TEST_F(DiskFailure, AFailedWriteDoesTheSame) {
  ASSERT_TRUE(append("kept")->ok());
  disk.world.files().inject({.operation = sim::Operation::kWrite, .nth = 1, .path_contains = "journal", .effect = sim::Effect::kShort});
  EXPECT_EQ(append("lost")->error().code, Errc::kStorage);
  disk.lose_power();
  ASSERT_TRUE(disk.open()) << disk.error;
  EXPECT_EQ(texts(), std::vector<std::string>{"kept"});
  EXPECT_TRUE(append("again")->ok());
}

TEST_F(DiskFailure, AFullDiskRefusesAppendsAndStillTakesActs) {
  ASSERT_TRUE(append("kept")->ok());
  disk.world.files().limit_space(32 << 20);
  disk.disk->checkpointer().check_space();
  EXPECT_EQ(append("refused")->error().code, Errc::kNoSpace);
  std::optional<Result<void>> told;
  on_shard([&] {
    ASSERT_TRUE(disk.partition(0)->act(EntryKind::kErase, encode_erase({{Offset(0), Offset(1)}})).ok());
    disk.partition(0)->when_released([&](const Result<void>& result) { told = result; });
  });
  EXPECT_TRUE(told.has_value() && told->ok());
  EXPECT_TRUE(disk.partition(0)->is_erased(Offset(0)));
  disk.world.files().limit_space(std::uint64_t{1} << 40);
  disk.disk->checkpointer().check_space();
  EXPECT_TRUE(append("goes on")->ok());
}

TEST_F(DiskFailure, DamageInTheJournalFencesThePartitionAndServesTheRest) {
  const firth::test::Mark damage("log.journal.damage");
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(append(std::string(300, static_cast<char>('a' + i)))->ok());
  const std::string path = journal_path();
  const auto content = *disk.world.files().content(path);
  const std::string third(300, 'c');
  const std::size_t at = as_text(content).find(third);
  ASSERT_NE(at, std::string::npos);
  disk.kill();
  disk.world.files().flip_bit(path, at + 7, 2);
  ASSERT_TRUE(disk.open()) << disk.error;
  EXPECT_GT(damage.hits(), 0u);
  EXPECT_EQ(disk.disk->recovery().damages.size(), 1u);
  EXPECT_TRUE(disk.partition(0)->is_fenced());
  EXPECT_EQ(texts().size(), 2u);
  EXPECT_EQ(append("refused")->error().code, Errc::kCorrupt);
}

// Whichever bit of the manifest flips, and however many checkpoints there were: what was erased stays erased, what was acked stays acked.
TEST(DiskFailureInTheManifest, AFlippedBitTakesNoActBack) {
  struct Life {
    DiskWorld disk{5, 1, 32 << 20};
    void on_shard(std::function<void()> work) {
      disk.world.loop("shard0").post(std::move(work));
      disk.world.run_until_idle();
    }
    void checkpoint() {
      disk.disk->checkpointer().request();
      disk.world.run_until_idle();
    }
    void live(int checkpoints) {
      on_shard([this] {
        ASSERT_TRUE(disk.home(0).group(DiskWorld::group_of(0)).create(partition_key(0), {.catalog_version = 1, .config = {}}).ok());
      });
      Partition& partition = *disk.partition(0);
      on_shard([&] { ASSERT_TRUE(partition.append(make_batch("text", 5)).ok()); });
      on_shard([&] { ASSERT_TRUE(partition.act_on_piece({.piece = {.kind = 7, .id = "c"}, .act = as_bytes("1")}).ok()); });
      on_shard([&] { ASSERT_TRUE(partition.act(EntryKind::kErase, encode_erase({{Offset(0), Offset(1)}})).ok()); });
      checkpoint();
      on_shard([&] { ASSERT_TRUE(partition.act(EntryKind::kErase, encode_erase({{Offset(2), Offset(3)}})).ok()); });
      on_shard([&] { ASSERT_TRUE(partition.act_on_piece({.piece = {.kind = 7, .id = "c"}, .act = as_bytes("2")}).ok()); });
      for (int i = 0; i < checkpoints; ++i) checkpoint();
    }
  };
  for (int checkpoints = 1; checkpoints <= 3; ++checkpoints) {
    std::uint64_t size = 0;
    {
      Life life;
      ASSERT_TRUE(life.disk.open());
      life.live(checkpoints);
      size = life.disk.world.files().content("data/manifest")->size();
    }
    int told = 0;
    for (std::uint64_t position = 16; position < size; position += size / 20 | 1) {
      SCOPED_TRACE(std::to_string(checkpoints) + " checkpoints, the bit at " + std::to_string(position));
      Life life;
      ASSERT_TRUE(life.disk.open());
      life.live(checkpoints);
      life.disk.kill();
      life.disk.world.files().flip_bit("data/manifest", position, 3);
      ASSERT_TRUE(life.disk.open()) << life.disk.error;
      told += life.disk.disk->recovery().bad_manifest_records > 0;
      const Partition* const partition = life.disk.partition(0);
      ASSERT_NE(partition, nullptr);
      EXPECT_EQ(partition->high_watermark(), Offset(5));
      EXPECT_TRUE(partition->is_erased(Offset(0)) && partition->is_erased(Offset(2)) && !partition->is_erased(Offset(1)));
      const Piece* const piece = partition->piece({.kind = 7, .id = "c"});
      ASSERT_NE(piece, nullptr);
      EXPECT_EQ(static_cast<const JournalingPiece*>(piece)->text(), "1,2,");
    }
    EXPECT_GT(told, 0);
  }
}

TEST_F(DiskFailure, WhatADeletedPartitionLeftIsSweptAtTheNextStart) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(append(std::string(500, 'x'))->ok());
  sim::Files& files = disk.world.files();
  const std::string stray = partition_directory("data/partitions", partition_key(77));
  for (const bool is_damaged : {true, false}) {
    const std::string path = journal_path();
    const std::size_t at = as_text(*files.content(path)).find("xxxx");
    disk.kill();
    ASSERT_TRUE(files.make_directory(stray).ok());
    files.put_content(stray + "/00000000000000000000.log", as_bytes("batches"));
    if (is_damaged) files.flip_bit(path, at, 1);
    ASSERT_TRUE(disk.open()) << disk.error;
    disk.world.run_until_idle();
    EXPECT_EQ(*files.exists(stray), is_damaged) << "who is known is not certain where something is lost";
    EXPECT_TRUE(*files.exists(disk.partition(0)->directory()));
    if (is_damaged) files.flip_bit(path, at, 1);
  }
}

TEST_F(DiskFailure, ACleanStopLeavesNothingToReplayAndRecoveryReadsNoSegment) {
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(append(std::string(500, 'x'))->ok());
  bool settled = false;
  disk.disk->settle([&] { settled = true; });
  disk.world.run_until_idle();
  ASSERT_TRUE(settled);
  disk.kill();
  disk.world.files().reset_counters();
  ASSERT_TRUE(disk.open()) << disk.error;
  EXPECT_EQ(disk.disk->recovery().replayed_frames, 0u);
  for (const sim::ReadRange& read : disk.world.files().reads())
    EXPECT_EQ(read.path.find("partitions/"), std::string::npos) << read.path << " " << read.position << "+" << read.length;
  EXPECT_EQ(texts().size(), 50u);
}

TEST_F(DiskFailure, TheDataOfAnotherServerOrALaterVersionIsRefusedWithTheWayOver) {
  struct Row {
    const char* file;
    const char* content;
    const char* sentence;
  };
  const Row rows[] = {{"other/meta.properties", "version=1\n", "MirrorMaker"},
                      {"other/jetstream", "", "nats stream backup"},
                      {"other/format", "firth data 2\nid x\n", "later version"}};
  for (const Row& row : rows) {
    sim::World world(1);
    ASSERT_TRUE(world.files().make_directory("other").ok());
    world.files().put_content(row.file, as_bytes(row.content));
    const auto opened = open_data_directory(world.files(), world.random(), "other");
    ASSERT_FALSE(opened.ok()) << row.file;
    EXPECT_EQ(opened.error().code, Errc::kUnsupported);
    EXPECT_NE(opened.error().text.find(row.sentence), std::string::npos) << opened.error().text;
  }
}

}  // namespace
}  // namespace firth::log
