// The simulated disk keeps its own promises: what was synced survives every seed; what was not is lost in some, kept in some, torn in some.
#include "tests/sim/files.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

#include "tests/sim/seeds.h"

namespace firth::sim {
namespace {

using runtime::OpenMode;

std::unique_ptr<runtime::File> open(Files& files, std::string_view path, OpenMode mode = OpenMode::kCreateOrReplace) {
  return *files.open(path, mode);
}

Result<void> write(runtime::File& file, std::uint64_t position, std::string_view text) {
  const ByteView part = as_bytes(text);
  return file.write_at(position, std::span(&part, 1));
}

std::string text_of(const Files& files, std::string_view path) {
  const auto content = files.content(path);
  return content ? std::string(as_text(*content)) : "(absent)";
}

// A disk with one synced file "f" of that content.
std::unique_ptr<Files> disk_with(std::string_view content) {
  auto files = std::make_unique<Files>();
  files->put_content("f", as_bytes(content));
  return files;
}

TEST(SimFiles, WhatWasSyncedSurvivesEverySeed) {
  const std::string synced = std::string(700, 'a') + std::string(700, 'b');
  for (const std::uint64_t seed : test::seeds(500)) {
    SCOPED_TRACE(test::replay(seed));
    Files files(seed);
    auto file = open(files, "f");
    *write(*file, 0, std::string(700, 'x'));
    *write(*file, 0, synced);
    *file->sync_data();
    *files.sync_directory("");
    *write(*file, synced.size(), std::string(3000, 'c'));  // in the last synced sector, and behind it
    files.lose_power(seed);
    EXPECT_EQ(text_of(files, "f").substr(0, synced.size()), synced);
  }
}

TEST(SimFiles, GarblesSyncedNeighboursOnlyWhereAsked) {
  int damaged = 0;
  for (const std::uint64_t seed : test::seeds(200)) {
    Files files(seed, Neighbours::kGarbledToo);
    files.put_content("f", as_bytes(std::string(100, 'a')));
    auto file = open(files, "f", OpenMode::kReadWrite);
    *write(*file, 100, std::string(100, 'b'));
    files.lose_power(seed);
    damaged += text_of(files, "f").substr(0, 100) != std::string(100, 'a');
  }
  EXPECT_GT(damaged, 0);
}

TEST(SimFiles, WhatWasNotSyncedIsKeptLostOldOrTornBySeed) {
  std::set<std::string> found;
  int torn = 0, mixed = 0;
  for (const std::uint64_t seed : test::seeds(500)) {
    const auto files = disk_with(std::string(2048, 'o'));
    auto file = open(*files, "f", OpenMode::kReadWrite);
    *write(*file, 0, std::string(2048, 'm'));
    *write(*file, 0, std::string(2048, 'n'));
    files->lose_power(seed);
    std::string pattern;  // a letter for each sector
    const std::string text = text_of(*files, "f");
    ASSERT_EQ(text.size(), 2048u);
    for (std::size_t at = 0; at < text.size(); at += kSectorBytes) {
      const std::string sector = text.substr(at, kSectorBytes);
      const bool whole = sector == std::string(kSectorBytes, sector[0]) && (sector[0] == 'o' || sector[0] == 'm' || sector[0] == 'n');
      pattern += whole ? sector[0] : '?';
    }
    found.insert(pattern);
    torn += pattern.contains('?');
    mixed += pattern.contains('m');
  }
  EXPECT_TRUE(found.contains("oooo"));
  EXPECT_TRUE(found.contains("nnnn"));
  EXPECT_TRUE(found.contains("nn?o"));
  EXPECT_GT(torn, 0);
  EXPECT_GT(mixed, 0);
}

TEST(SimFiles, UnsyncedSizeIsOldOrNewOrInBetweenAndUnwrittenSpaceIsZero) {
  std::set<std::size_t> sizes;
  int zeroes = 0;
  for (const std::uint64_t seed : test::seeds(500)) {
    const auto files = disk_with("old");
    auto file = open(*files, "f", OpenMode::kReadWrite);
    *write(*file, 1000, "x");
    *write(*file, 5000, "y");
    files->lose_power(seed);
    const std::string text = text_of(*files, "f");
    EXPECT_EQ(text.substr(0, 3), "old");
    sizes.insert(text.size());
    zeroes += text.size() == 5001 && text.back() == '\0';
  }
  EXPECT_EQ(sizes, (std::set<std::size_t>{3, 1001, 5001}));
  EXPECT_GT(zeroes, 0);
}

TEST(SimFiles, TruncationMayBeForgottenAndNeverShowsWhatWasCutOffAgain) {
  int forgotten = 0;
  for (const std::uint64_t seed : test::seeds(200)) {
    const auto files = disk_with(std::string(2000, 'o'));
    auto file = open(*files, "f", OpenMode::kReadWrite);
    *file->truncate(100);
    *file->truncate(2000);
    EXPECT_EQ(text_of(*files, "f"), std::string(100, 'o') + std::string(1900, '\0'));
    if (seed % 2 == 0) *file->sync_data();
    files->lose_power(seed);
    const bool is_old = text_of(*files, "f") == std::string(2000, 'o');
    forgotten += is_old;
    EXPECT_FALSE(is_old && seed % 2 == 0);
  }
  EXPECT_GT(forgotten, 0);
}

TEST(SimFiles, KillKeepsThePageCacheAndEndsOpenFilesAndLocks) {
  const auto files = disk_with("");
  auto file = open(*files, "f", OpenMode::kReadWrite);
  auto lock = *files->lock("lock");
  EXPECT_EQ(files->lock("lock").error().code, Errc::kUnavailable);
  *write(*file, 0, "written");
  files->kill();
  EXPECT_EQ(text_of(*files, "f"), "written");
  EXPECT_EQ(write(*file, 0, "dead").error().code, Errc::kStorage);
  EXPECT_FALSE(file->sync_data().ok());
  auto next_lock = *files->lock("lock");
  lock.reset();  // the dead process's handle does not free the living one's lock
  EXPECT_FALSE(files->lock("lock").ok());
  next_lock.reset();
  EXPECT_TRUE(files->lock("lock").ok());
}

TEST(SimFiles, FailedSyncDropsWhatWasDirtyAndTheNextOneLies) {
  std::set<std::string> found;
  for (const std::uint64_t seed : test::seeds(200)) {
    SCOPED_TRACE(test::replay(seed));
    Files files(seed);
    files.put_content("f", as_bytes("old"));
    auto file = open(files, "f", OpenMode::kReadWrite);
    *write(*file, 0, "new");
    files.inject({.operation = Operation::kSyncData});
    EXPECT_EQ(file->sync_data().error().code, Errc::kStorage);
    EXPECT_EQ(text_of(files, "f"), "new");  // the cache still shows it
    EXPECT_TRUE(file->sync_data().ok());
    files.lose_power(seed);
    found.insert(text_of(files, "f"));
  }
  EXPECT_TRUE(found.contains("old"));
  EXPECT_TRUE(found.contains("new"));
}

TEST(SimFiles, WhatIsWrittenOverItselfAfterAFailedSyncIsSyncedByTheNext) {
  for (const std::uint64_t seed : test::seeds(200)) {
    SCOPED_TRACE(test::replay(seed));
    Files files(seed);
    files.put_content("f", as_bytes("old"));
    auto file = open(files, "f", OpenMode::kReadWrite);
    const std::string longer(5000, 'n');
    *write(*file, 0, longer);
    files.inject({.operation = Operation::kSyncData});
    EXPECT_EQ(file->sync_data().error().code, Errc::kStorage);
    *write(*file, 0, longer);
    EXPECT_TRUE(file->sync_data().ok());
    files.lose_power(seed);
    EXPECT_EQ(text_of(files, "f"), longer) << "its size with it";
  }
}

TEST(SimFiles, WriteFaultsHitTheNthMatchingWriteOnly) {
  Files files(7);
  auto journal = open(files, "journal");
  auto segment = open(files, "segment");
  files.inject({.nth = 2, .path_contains = "journal"});
  EXPECT_TRUE(write(*journal, 0, "1").ok());
  EXPECT_TRUE(write(*segment, 0, "1").ok());
  EXPECT_EQ(write(*journal, 1, "2").error().code, Errc::kStorage);
  EXPECT_TRUE(write(*journal, 1, "3").ok());
  EXPECT_EQ(text_of(files, "journal"), "13");
  EXPECT_EQ(files.counters().faults, 1u);

  std::set<std::size_t> prefixes;
  for (int i = 0; i < 100; ++i) {
    auto file = open(files, "short");
    files.inject({.effect = Effect::kShort});
    EXPECT_FALSE(write(*file, 0, "abc").ok());
    prefixes.insert(text_of(files, "short").size());
  }
  EXPECT_EQ(prefixes, (std::set<std::size_t>{0, 1, 2, 3}));
}

TEST(SimFiles, HaltStopsTheMachineInTheMiddleOfAWrite) {
  const auto files = disk_with("");
  auto file = open(*files, "f", OpenMode::kReadWrite);
  files->inject({.operation = Operation::kAnyChange, .nth = 3, .effect = Effect::kHalt});
  *write(*file, 0, "a");
  *file->sync_data();
  EXPECT_FALSE(write(*file, 1, "bcdef").ok());
  EXPECT_TRUE(files->is_halted());
  EXPECT_FALSE(file->sync_data().ok());
  EXPECT_FALSE(files->open("f", OpenMode::kRead).ok());
  const std::string written = text_of(*files, "f");
  EXPECT_TRUE(std::string_view("abcdef").starts_with(written));
  files->kill();
  EXPECT_EQ(text_of(*files, "f"), written);
  EXPECT_TRUE(files->open("f", OpenMode::kRead).ok());
}

TEST(SimFiles, FullDiskTakesWhatFitsAndRemovingMakesRoom) {
  Files files;
  files.limit_space(10);
  auto first = open(files, "first");
  auto second = open(files, "second");
  *write(*first, 0, "123456");
  EXPECT_EQ(write(*second, 0, "abcdef").error().code, Errc::kNoSpace);
  EXPECT_EQ(text_of(files, "second"), "abcd");
  EXPECT_EQ(*files.free_bytes(""), 0u);
  EXPECT_TRUE(write(*first, 0, "654321").ok());
  EXPECT_EQ(second->truncate(5).error().code, Errc::kNoSpace);
  *files.remove("first");
  EXPECT_EQ(*files.free_bytes(""), 6u);
  EXPECT_TRUE(write(*second, 0, "abcdefghij").ok());
  files.kill();
  EXPECT_EQ(*files.free_bytes(""), 0u);
}

TEST(SimFiles, StallIsReportedToTheOwnerOfTheTime) {
  using std::chrono::seconds;
  Files files;
  std::chrono::nanoseconds spent{0};
  files.on_stall([&](std::chrono::nanoseconds time) { spent += time; });
  auto file = open(files, "f");
  files.inject({.operation = Operation::kAnySync, .nth = 2, .times = 3, .effect = Effect::kStall, .stall = seconds(5)});
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(file->sync_data().ok());
  EXPECT_EQ(spent, seconds(15));
}

TEST(SimFiles, CountsAndRemembersReads) {
  const auto files = disk_with("0123456789");
  auto file = open(*files, "/f", OpenMode::kReadWrite);
  std::array<std::byte, 4> buffer;
  EXPECT_EQ(*file->read_at(8, buffer), 2u);
  EXPECT_EQ(*file->read_at(10, buffer), 0u);
  *file->sync_data();
  ASSERT_EQ(files->reads().size(), 1u);
  EXPECT_EQ(files->reads()[0].path, "f");
  EXPECT_EQ(files->reads()[0].position, 8u);
  EXPECT_EQ(files->bytes_read("f"), 2u);
  EXPECT_EQ(files->counters().sync_data, 1u);
  files->reset_counters();
  EXPECT_EQ(files->counters().sync_data, 0u);
  EXPECT_TRUE(files->reads().empty());
}

TEST(SimFiles, FlippedBitIsThereForEveryReaderAndAfterPowerLoss) {
  const auto files = disk_with("a");
  files->flip_bit("f", 0, 1);
  EXPECT_EQ(text_of(*files, "f"), "c");
  files->lose_power(1);
  EXPECT_EQ(text_of(*files, "f"), "c");
}

}  // namespace
}  // namespace firth::sim
