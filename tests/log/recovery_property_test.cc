// Random appends, acts, deaths, checkpoints, rolls and passes of the cleaner on several partitions and shards, killed or without power at a
// random step, with segments whose sync fails, with other faults of the disk and with bits that flip, against the model of
// random_workload.h.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string_view>

#include "log/cleaner.h"
#include "log/manifest.h"
#include "tests/log/random_workload.h"
#include "tests/mark.h"
#include "tests/sim/seeds.h"

namespace firth::log {
namespace {

using namespace test;

void settle(DiskWorld& disk) {
  bool settled = false;
  disk.disk->settle([&] { settled = true; });
  disk.world.run_until([&] { return settled; }, 10s);
  disk.world.run_until_idle();
}

// Some changes, checkpoints and looks at what is there, ended anywhere.
enum class Looks : std::uint8_t { kWhole, kWhatCanBeRead };

void live(DiskWorld& disk, RandomWorkload& workload, sim::Random& random, Looks looks = Looks::kWhole) {
  for (std::uint64_t rounds = random.below(60); rounds > 0; --rounds) {
    for (std::uint64_t changes = 1 + random.below(5); changes > 0; --changes) workload.change_something();
    if (random.below(15) == 0) disk.disk->checkpointer().request();
    if (random.below(20) == 0) disk.world.files().inject({.operation = sim::Operation::kSyncFilesystem, .nth = 1});
    if (random.below(30) == 0) disk.world.run_for(Cleaner::kInterval);
    disk.world.run_steps(random.below(40));
    if (disk.world.files().is_halted()) return;
    if (random.below(8) != 0) continue;
    // What a segment whose sync failed holds cannot be read until it is repaired.
    const bool is_whole = looks == Looks::kWhole && disk.world.files().counters().faults == 0;
    is_whole ? workload.check() : workload.check_what_is_readable();
  }
}

// Recovery is the manifest, the pieces in it, and the journal after it: no other byte is read, whatever is stored.
void check_what_was_read(DiskWorld& disk, JournalPosition replay_from) {
  for (const sim::ReadRange& read : disk.world.files().reads()) {
    EXPECT_EQ(read.path.find("partitions"), std::string::npos) << read.path << ' ' << read.position << '+' << read.length;
    const std::size_t name = read.path.find("journal/");
    if (name == std::string::npos || replay_from == JournalPosition()) continue;
    const std::uint64_t start = std::stoull(read.path.substr(name + std::string_view("journal/").size()), nullptr, 16);
    EXPECT_GE(start + JournalSettings().file_bytes, replay_from.value()) << read.path << " lies before " << replay_from.value();
    if (start < replay_from.value() && read.position >= kJournalHeaderBytes)
      EXPECT_GE(start + read.position, replay_from.value()) << read.path << ' ' << read.position << '+' << read.length;
  }
}

void open_once(DiskWorld& disk) {
  JournalPosition replay_from;
  if (*disk.world.files().exists("data/manifest")) {
    const auto manifest = Manifest::read(disk.world.files(), "data");
    ASSERT_TRUE(manifest.ok()) << manifest.error().text;
    replay_from = manifest->replay_from;
  }
  disk.world.files().reset_counters();
  ASSERT_TRUE(disk.open()) << disk.error;
  check_what_was_read(disk, replay_from);
}

// Opens what is left, now and then twice: without power again before what recovery decided is on disk.
void open_and_check(DiskWorld& disk, RandomWorkload& workload, sim::Random& random, Ending ending) {
  ASSERT_NO_FATAL_FAILURE(open_once(disk));
  if (random.below(4) == 0) {
    disk.world.run_steps(random.below(10));
    disk.lose_power();
    ending = Ending::kPowerLoss;
    ASSERT_NO_FATAL_FAILURE(open_once(disk));
  }
  EXPECT_EQ(disk.disk->recovery().damages.size(), 0u);
  EXPECT_EQ(disk.disk->recovery().bad_manifest_records, 0u);
  ASSERT_TRUE(disk.world.run_until([&] { return disk.is_idle(); }, 10s));
  workload.check_after_start(ending);
}

Ending end_life(DiskWorld& disk, sim::Random& random) {
  const Ending ending = random.below(2) == 0 ? Ending::kPowerLoss : Ending::kKill;
  ending == Ending::kPowerLoss ? disk.lose_power() : disk.kill();
  return ending;
}

// Five lives, each of which finds what the one before it left, until a check fails.
void live_often(DiskWorld& disk, RandomWorkload& workload, sim::Random& random, const std::function<void()>& spend) {
  Ending ending = Ending::kKill;
  for (int life = 0; life < 5; ++life) {
    open_and_check(disk, workload, random, ending);
    if (testing::Test::HasFailure()) return;
    spend();
    ending = end_life(disk, random);
  }
}

TEST(RecoveryProperty, WhatWasAcknowledgedIsThereAndWhatWasHiddenStaysHidden) {
  const firth::test::Mark lost("log.partition.offsets_lost");
  const firth::test::Mark rewritten("log.segment.rewritten"), repaired("log.segment.repair");
  std::uint64_t acknowledged = 0, clean_stops = 0;
  const auto seeds = firth::test::seeds(60);
  for (const std::uint64_t seed : seeds) {
    SCOPED_TRACE(firth::test::replay(seed));
    DiskWorld disk(seed, 1 + seed % 2, seed % 3 == 0 ? 20'000 : 200'000);
    RandomWorkload workload(disk, seed);
    sim::Random random(seed);
    live_often(disk, workload, random, [&] {
      live(disk, workload, random);
      if (random.below(4) == 0) {
        settle(disk);
        ++clean_stops;
      }
    });
    if (testing::Test::HasFailure()) return;
    acknowledged += workload.acknowledged_total();
  }
  if (seeds.size() == 1) return;  // one seed alone may do little
  EXPECT_GT(acknowledged, 15 * seeds.size());
  EXPECT_GT(clean_stops, 0u);
  EXPECT_GT(lost.hits(), 0u);
  EXPECT_GT(rewritten.hits(), 0u);
  EXPECT_GT(repaired.hits(), 0u);
  std::printf("%llu acknowledged\n", static_cast<unsigned long long>(acknowledged));
}

// One fault of the disk a life: waiters of what it hit are told, the rest goes on, and what was acknowledged before or
// after survives.
TEST(RecoveryProperty, HoldsWhateverTheDiskRefuses) {
  constexpr std::array kOperations{sim::Operation::kWrite, sim::Operation::kAnySync, sim::Operation::kNames, sim::Operation::kAnyChange};
  constexpr std::array kEffects{sim::Effect::kError, sim::Effect::kShort, sim::Effect::kNoSpace, sim::Effect::kStall, sim::Effect::kHalt};
  constexpr std::array kPaths{"journal", "partitions", "manifest", ""};
  std::uint64_t acknowledged = 0, refused = 0, faults = 0;
  const auto seeds = firth::test::seeds(60);
  for (const std::uint64_t seed : seeds) {
    SCOPED_TRACE(firth::test::replay(seed));
    DiskWorld disk(seed, 1 + seed % 2, seed % 3 == 0 ? 20'000 : 200'000);
    RandomWorkload workload(disk, seed);
    sim::Random random(seed);
    live_often(disk, workload, random, [&] {
      disk.world.files().inject({.operation = kOperations[random.below(kOperations.size())],
                                 .nth = 1 + random.below(50),
                                 .times = 1 + random.below(2),
                                 .path_contains = kPaths[random.below(kPaths.size())],
                                 .effect = kEffects[random.below(kEffects.size())],
                                 .stall = std::chrono::milliseconds(random.below(3000))});
      live(disk, workload, random, Looks::kWhatCanBeRead);
      if (random.below(4) == 0) settle(disk);
      faults += disk.world.files().counters().faults;
    });
    if (testing::Test::HasFailure()) return;
    acknowledged += workload.acknowledged_total();
    refused += workload.refused_total();
  }
  if (seeds.size() == 1) return;
  EXPECT_GT(acknowledged, 10 * seeds.size());
  EXPECT_GT(refused, 0u);
  EXPECT_GT(faults, seeds.size());
  std::printf("%llu faults, %llu acknowledged, %llu refused\n", static_cast<unsigned long long>(faults),
              static_cast<unsigned long long>(acknowledged), static_cast<unsigned long long>(refused));
}

std::vector<std::string> files_below(sim::Files& files, const std::string& directory) {
  std::vector<std::string> found;
  for (const runtime::DirectoryEntry& entry : *files.list(directory)) {
    const std::string path = directory + "/" + entry.name;
    const auto content = files.content(path);
    if (!content.has_value()) {
      for (std::string& below : files_below(files, path)) found.push_back(std::move(below));
    } else if (!content->empty()) {
      found.push_back(path);
    }
  }
  return found;
}

// A bit that flips at rest is told, or it stood where nothing depends on it. What can be read is what was written, whatever the bit.
TEST(RecoveryProperty, AFlippedBitIsToldOrHarmsNothing) {
  std::uint64_t refused_starts = 0, told = 0, harmless = 0;
  const auto seeds = firth::test::seeds(150);
  for (const std::uint64_t seed : seeds) {
    SCOPED_TRACE(firth::test::replay(seed));
    DiskWorld disk(seed, 1 + seed % 2, 20'000);
    RandomWorkload workload(disk, seed);
    sim::Random random(seed);
    for (int life = 0; life < 2; ++life) {
      open_and_check(disk, workload, random, Ending::kKill);
      live(disk, workload, random);
      disk.world.run_for(3s);  // the idle mark: the last synced frame is known to be one
      if (life == 0) disk.kill();
    }
    if (random.below(2) == 0) settle(disk);
    disk.kill();
    const std::vector<std::string> files = files_below(disk.world.files(), "data");
    const std::string& path = files[random.below(files.size())];
    const std::uint64_t position = random.below(std::min<std::uint64_t>(disk.world.files().content(path)->size(), 60'000));
    disk.world.files().flip_bit(path, position, static_cast<int>(random.below(8)));
    SCOPED_TRACE(path + " at " + std::to_string(position));
    if (!disk.open()) {
      EXPECT_FALSE(disk.error.empty());
      ++refused_starts;
      continue;
    }
    bool is_told = !disk.disk->recovery().damages.empty() || disk.disk->recovery().bad_manifest_records > 0;
    for (int n = 0; n < RandomWorkload::kPartitions; ++n) {
      Partition* const partition = disk.partition(n);
      is_told |= partition != nullptr && (partition->is_fenced() || !look(partition).unreadable.empty());
    }
    workload.check_what_is_readable();
    if (!is_told) workload.check();
    if (testing::Test::HasFailure()) return;
    ++(is_told ? told : harmless);
  }
  if (seeds.size() == 1) return;
  EXPECT_GT(told, 0u);
  EXPECT_GT(harmless, 0u);
  std::printf("%llu starts refused, %llu told, %llu harmless\n", static_cast<unsigned long long>(refused_starts),
              static_cast<unsigned long long>(told), static_cast<unsigned long long>(harmless));
}

}  // namespace
}  // namespace firth::log
