// What the cleaner does to the files of a partition, and what power losses and failing disks in the middle of it leave.
#include "log/cleaner.h"

#include <gtest/gtest.h>

#include "log/inspect.h"
#include "tests/log/disk_world.h"
#include "tests/mark.h"
#include "tests/sim/seeds.h"

namespace firth::log {
namespace {

using namespace test;

class CleanerTest : public testing::Test {
 protected:
  void start(std::uint64_t seed = 5) {
    disk = std::make_unique<DiskWorld>(seed, 1, 32 << 20);
    ASSERT_TRUE(disk->open()) << disk->error;
    on_shard([this] {
      auto made = disk->home(0).group(DiskWorld::group_of(0)).create(partition_key(0), {.catalog_version = 1, .config = as_bytes("sync")});
      ASSERT_TRUE(made.ok());
    });
  }
  void on_shard(std::function<void()> work) {
    disk->world.loop("shard0").post(std::move(work));
    disk->world.run_until_idle();
  }
  Partition& partition() { return *disk->partition(0); }

  // Appends so many batches of 500 bytes, each of one record that says its offset.
  void append(int count) {
    for (int i = 0; i < count; ++i)
      on_shard([this] { ASSERT_TRUE(partition().append(make_batch(text_of(partition().next_offset()))).ok()); });
  }
  static std::string text_of(Offset offset) {
    std::string text = "#" + std::to_string(offset.value()) + "#";
    return text + std::string(500 - text.size(), 'x');
  }
  void erase(std::int64_t first, std::int64_t end) {
    on_shard([&] { ASSERT_TRUE(partition().act(EntryKind::kErase, encode_erase({{Offset(first), Offset(end)}})).ok()); });
  }
  void move_log_start(std::int64_t start) {
    on_shard([&] { ASSERT_TRUE(partition().act(EntryKind::kLogStart, encode_offset(Offset(start))).ok()); });
  }
  void checkpoint() {
    disk->disk->checkpointer().request();
    disk->world.run_until_idle();
  }
  void pass() { disk->world.run_for(Cleaner::kInterval + 1s); }

  // The offsets that a reader sees; each batch holds what it held.
  std::vector<std::int64_t> live() {
    std::vector<std::int64_t> found;
    const Offset end = partition().high_watermark();
    for (Offset at = partition().next_live(partition().log_start(), end); at < end; at = partition().next_live(at, end)) {
      const auto read = partition().read_raw({.from = at, .bound = end});
      EXPECT_TRUE(read.ok()) << read.error().text;
      if (!read.ok() || read->batches.empty()) break;
      for (const SharedBytes& bytes : read->batches) {
        for (ByteView left = bytes.view(); !left.empty(); left = left.subspan(BatchView(left).size())) {
          const BatchView batch(left);
          if (batch.base_offset() < at || partition().is_erased(batch.base_offset())) continue;
          EXPECT_EQ(as_text(batch.records()), text_of(batch.base_offset()));
          found.push_back(batch.base_offset().value());
        }
      }
      at = read->next_offset;
    }
    return found;
  }
  static std::vector<std::int64_t> numbers(std::initializer_list<OffsetRange> ranges) {
    std::vector<std::int64_t> all;
    for (const OffsetRange range : ranges)
      for (Offset at = range.first; at < range.end; ++at) all.push_back(at.value());
    return all;
  }

  std::vector<std::string> files(std::string_view ending) {
    std::vector<std::string> found;
    const auto entries = disk->world.files().list(partition().directory());
    if (!entries.ok()) return found;
    for (const auto& entry : *entries)
      if (entry.name.ends_with(ending)) found.push_back(entry.name);
    return found;
  }
  bool is_on_disk(std::int64_t offset) {
    for (const std::string& name : files(".log"))
      if (as_text(*disk->world.files().content(partition().directory() + "/" + name)).find("#" + std::to_string(offset) + "#") !=
          std::string_view::npos)
        return true;
    return false;
  }
  void expect_verifies() {
    bool settled = false;
    disk->disk->settle([&] { settled = true; });
    ASSERT_TRUE(disk->world.run_until([&] { return settled; }, 10s));
    disk->kill();
    const auto found = inspect(disk->world.files(), "data", {});
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->complaints, std::vector<std::string>{});
    ASSERT_TRUE(disk->open()) << disk->error;
  }

  std::unique_ptr<DiskWorld> disk;
};

TEST_F(CleanerTest, ASegmentThatEndedIsSealedAtOnceAndNotOnTheLoop) {
  start();
  append(6);
  ASSERT_EQ(files(".log").size(), 1u);
  append(4);
  EXPECT_EQ(files(".log").size(), 2u);
  EXPECT_EQ(files(".seal").size(), 1u);
  // While a worker seals, the shard goes on: the disk takes a second for it, an append none.
  disk->world.files().inject(
      {.operation = sim::Operation::kSyncData, .nth = 1, .path_contains = ".seal", .effect = sim::Effect::kStall, .stall = 1s});
  append(10);
  EXPECT_EQ(live().size(), 20u);
  expect_verifies();
}

TEST_F(CleanerTest, WhatIsErasedLeavesTheDisk) {
  start();
  append(20);  // seven in a segment
  erase(1, 5);
  erase(8, 9);
  checkpoint();
  EXPECT_TRUE(is_on_disk(1));
  pass();
  checkpoint();
  pass();
  EXPECT_FALSE(is_on_disk(1));
  EXPECT_TRUE(is_on_disk(8)) << "one of seven is not worth it";
  EXPECT_EQ(live(), numbers({{Offset(0), Offset(1)}, {Offset(5), Offset(8)}, {Offset(9), Offset(20)}}));
  EXPECT_EQ(files(".log")[0], "00000000000000000000.1.log") << "and the old one is gone";
  EXPECT_EQ(files(".log").size(), 3u);

  // Not again before half of what it holds now is erased, after a restart either.
  expect_verifies();
  pass();
  erase(5, 6);
  pass();
  EXPECT_EQ(files(".log")[0], "00000000000000000000.1.log");
  erase(6, 7);
  pass();
  pass();
  pass();
  EXPECT_EQ(files(".log")[0], "00000000000000000000.2.log");
  EXPECT_FALSE(is_on_disk(5));
  expect_verifies();
  EXPECT_EQ(live(), numbers({{Offset(0), Offset(1)}, {Offset(7), Offset(8)}, {Offset(9), Offset(20)}}));
}

TEST_F(CleanerTest, WhollyErasedSegmentsGoTheLastOneToo) {
  start();
  append(20);
  erase(7, 14);
  pass();
  pass();
  pass();
  EXPECT_EQ(files(".log"), (std::vector<std::string>{"00000000000000000000.log", "00000000000000000014.log"}));
  EXPECT_EQ(live(), numbers({{Offset(0), Offset(7)}, {Offset(14), Offset(20)}}));
  move_log_start(20);
  for (int i = 0; i < 4; ++i) pass();
  EXPECT_EQ(files(""), std::vector<std::string>{});
  EXPECT_EQ(live(), std::vector<std::int64_t>{});
  expect_verifies();
  append(1);
  EXPECT_EQ(live(), numbers({{Offset(20), Offset(21)}}));
}

TEST_F(CleanerTest, AnOpenSegmentThatIsMostlyDeadEndsSoThatItCanBeCleaned) {
  start();
  append(6);
  checkpoint();
  erase(0, 5);
  for (int i = 0; i < 3; ++i) pass();
  EXPECT_FALSE(is_on_disk(0));
  EXPECT_TRUE(is_on_disk(5));
  EXPECT_EQ(live(), numbers({{Offset(5), Offset(6)}}));
}

TEST_F(CleanerTest, DamageIsNotRewritten) {
  start();
  append(20);
  checkpoint();
  const std::string path = partition().directory() + "/" + files(".log")[0];
  disk->world.files().flip_bit(path, 1200, 3);
  erase(3, 7);
  for (int i = 0; i < 3; ++i) pass();
  EXPECT_EQ(files(".log")[0], "00000000000000000000.log") << "nothing may be dropped that cannot be read";
  EXPECT_TRUE(is_on_disk(1));
}

TEST_F(CleanerTest, AFullDiskOnlyPutsOffTheSeal) {
  start();
  disk->world.files().inject({.operation = sim::Operation::kWrite, .nth = 1, .path_contains = ".seal", .effect = sim::Effect::kNoSpace});
  append(10);
  EXPECT_EQ(live().size(), 10u);
  pass();
  EXPECT_EQ(files(".seal").size(), 1u);
  expect_verifies();
  EXPECT_EQ(live().size(), 10u);
}

TEST_F(CleanerTest, ARewriteThatFailsLeavesTheSegmentAndNoFile) {
  for (const sim::Effect effect : {sim::Effect::kNoSpace, sim::Effect::kError, sim::Effect::kShort}) {
    start();
    append(20);
    erase(1, 5);
    checkpoint();
    disk->world.files().inject({.operation = sim::Operation::kWrite, .nth = 1, .path_contains = ".1.log", .effect = effect});
    pass();
    pass();
    EXPECT_EQ(files(".log")[0], "00000000000000000000.log");
    EXPECT_EQ(files(".log").size(), 3u);
    EXPECT_EQ(live().size(), 16u);
    erase(5, 6);  // half of what was left is dead, too: it is tried again
    erase(6, 7);
    pass();
    EXPECT_EQ(files(".1.log").size(), 1u);
    EXPECT_EQ(live().size(), 14u);
    expect_verifies();
  }
}

// The partition's content, whatever the cleaner was doing when the machine stopped.
TEST_F(CleanerTest, PowerLossAtAnyStepChangesNothingThatCanBeSeen) {
  const firth::test::Mark repaired("log.segment.repair");
  std::size_t cleaned = 0;
  for (const std::uint64_t seed : firth::test::seeds(20)) {
    SCOPED_TRACE(firth::test::replay(seed));
    start(seed);
    append(30);
    erase(1, 6);
    erase(8, 13);
    erase(14, 21);
    const auto before = live();
    sim::Random random(seed);
    for (int round = 0; round < 3; ++round) {
      disk->world.run_for(Cleaner::kInterval - 1ms);
      if (random.below(3) == 0) disk->disk->checkpointer().request();
      if (random.below(4) == 0)
        disk->world.files().inject({.operation = sim::Operation::kAnyChange, .nth = 1 + random.below(30), .effect = sim::Effect::kHalt});
      disk->world.run_steps(random.below(60));
      random.below(2) == 0 ? disk->lose_power() : disk->kill();
      ASSERT_TRUE(disk->open()) << disk->error;
      EXPECT_EQ(disk->disk->recovery().damages.size(), 0u);
      ASSERT_EQ(live(), before);
    }
    checkpoint();  // writes what recovery left in the tail
    for (int i = 0; i < 3; ++i) pass();
    ASSERT_EQ(live(), before);
    cleaned += is_on_disk(1) ? 0 : 1;
    expect_verifies();
  }
  EXPECT_EQ(cleaned, firth::test::seeds(20).size());
  EXPECT_EQ(repaired.hits(), 0u);
}

TEST_F(CleanerTest, AFailedSyncOfSegmentsIsNeverRetriedTheirBytesComeFromTheJournal) {
  const firth::test::Mark repaired("log.segment.repair");
  start();
  append(4);
  checkpoint();
  append(8);
  const auto before = live();
  disk->world.files().inject({.operation = sim::Operation::kSyncFilesystem, .nth = 1});
  disk->world.files().reset_counters();
  checkpoint();
  EXPECT_GT(repaired.hits(), 0u);
  std::uint64_t journal_bytes = 0;
  for (const sim::ReadRange& read : disk->world.files().reads())
    if (read.path.find("journal/") != std::string::npos) journal_bytes += read.length;
  EXPECT_LT(journal_bytes, std::uint64_t{1} << 20) << "not the rest of the file behind what was asked for";
  append(3);
  for (int i = 0; i < 3; ++i) checkpoint();
  disk->lose_power();
  ASSERT_TRUE(disk->open()) << disk->error;
  EXPECT_EQ(live(), numbers({{Offset(0), Offset(15)}}));
  expect_verifies();
}

TEST_F(CleanerTest, NothingIsLostIfPowerFailsBeforeTheRepair) {
  for (const std::uint64_t seed : firth::test::seeds(20)) {
    SCOPED_TRACE(firth::test::replay(seed));
    start(seed);
    append(4);
    checkpoint();
    append(8);
    disk->world.files().inject({.operation = sim::Operation::kSyncFilesystem, .nth = 1});
    disk->disk->checkpointer().request();
    disk->world.run_steps(sim::Random(seed).below(40));
    disk->lose_power();
    ASSERT_TRUE(disk->open()) << disk->error;
    ASSERT_EQ(live(), numbers({{Offset(0), Offset(12)}}));
    expect_verifies();
  }
}

// Its seal is put off until every checkpoint has it, and then its sync fails: no journal is held for it, and none is needed.
TEST_F(CleanerTest, ASegmentThatIsDurableIsRepairedWithoutTheJournal) {
  const firth::test::Mark repaired("log.segment.repair");
  start();
  disk->world.files().inject({.operation = sim::Operation::kWrite, .nth = 1, .path_contains = ".seal", .effect = sim::Effect::kNoSpace});
  append(10);
  for (int i = 0; i < 3; ++i) checkpoint();
  ASSERT_FALSE(partition().held_from().has_value());
  disk->world.files().inject({.operation = sim::Operation::kSyncData, .nth = 1, .path_contains = "00000000000000000000.log"});
  for (int i = 0; i < 2; ++i) pass();
  EXPECT_GT(repaired.hits(), 0u);
  EXPECT_EQ(live(), numbers({{Offset(0), Offset(10)}}));
  disk->lose_power();
  ASSERT_TRUE(disk->open()) << disk->error;
  EXPECT_EQ(live(), numbers({{Offset(0), Offset(10)}}));
  expect_verifies();
}

}  // namespace
}  // namespace firth::log
