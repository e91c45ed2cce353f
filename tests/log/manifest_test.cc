#include "log/manifest.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/mark.h"
#include "tests/sim/files.h"
#include "tests/sim/seeds.h"

namespace firth::log {
namespace {

constexpr std::string_view kDirectory = "disk";

PartitionKey key(int n) {
  PartitionKey result;
  result.partition = PartitionIndex(n);
  return result;
}

// What a manifest says, as text that can be compared.
std::string render(const StoredPartitions& partitions) {
  std::string text;
  for (const auto& [partition, stored] : partitions) {
    text += std::to_string(partition.partition.value()) + "@" + std::to_string(stored.applied.value()) + "=" +
            std::string(as_text(stored.state.view())) + "\n";
    for (const auto& [piece, bytes] : stored.pieces)
      text += "  " + std::to_string(piece.kind) + ":" + piece.id + "@" + std::to_string(bytes.applied.value()) + "=" +
              std::string(as_text(bytes.bytes.view())) + "\n";
  }
  return text;
}

void prepare(sim::Files& files) {
  ASSERT_TRUE(files.make_directory(kDirectory).ok());
  ASSERT_TRUE(files.sync_filesystem(kDirectory).ok());
}

// Random changes, applied to a manifest and to a map.
class Workload {
 public:
  explicit Workload(std::uint64_t seed) : random_(seed) {}

  ManifestBatch next(StoredPartitions& model) {
    ManifestBatch batch;
    for (std::uint64_t changes = 1 + random_() % 4; changes > 0; --changes) {
      const PartitionKey partition = key(static_cast<int>(random_() % 4));
      const PieceKey piece{.kind = static_cast<std::uint16_t>(1 + random_() % 2), .id = std::string(random_() % 3, 'c')};
      const FrameIndex applied(++applied_);
      const std::string bytes(random_() % 40, static_cast<char>('a' + random_() % 26));
      switch (random_() % 8) {
        case 0:
          batch.remove_partition(partition);
          model.erase(partition);
          break;
        case 1:
          if (!model.contains(partition)) break;
          batch.remove_piece(partition, piece);
          model[partition].pieces.erase(piece);
          break;
        case 2:
        case 3:
        case 4:
          batch.put_partition(partition, GroupId(1), applied, as_bytes(bytes));
          model[partition].applied = applied;
          model[partition].state = SharedBytes::copy(as_bytes(bytes));
          break;
        default:
          if (!model.contains(partition)) break;
          batch.put_piece(partition, piece, applied, as_bytes(bytes));
          model[partition].pieces[piece] = {.applied = applied, .bytes = SharedBytes::copy(as_bytes(bytes))};
      }
    }
    return batch;
  }

 private:
  std::mt19937_64 random_;
  std::uint64_t applied_ = 0;
};

TEST(Manifest, WhatWasCommittedIsThereWhereverPowerFails) {
  for (const std::uint64_t seed : test::seeds(300)) {
    SCOPED_TRACE(test::replay(seed));
    sim::Files files(seed);
    prepare(files);
    Workload workload(seed);
    StoredPartitions model;
    for (int life = 0; life < 4; ++life) {
      auto opened = Manifest::open(files, kDirectory);
      ASSERT_TRUE(opened.ok()) << opened.error().text;
      ASSERT_EQ(render(opened->partitions), render(model));
      EXPECT_EQ(opened->bad_records, 0u);
      for (std::uint64_t batches = seed % 9; batches > 0; --batches) {
        ASSERT_TRUE(opened->manifest.commit(workload.next(model)).ok());
      }
      // The machine stops in the next commit: it may be there or not, whole records of it may be there.
      files.inject({.operation = sim::Operation::kSyncData, .nth = 1, .effect = sim::Effect::kHalt});
      StoredPartitions unsure = model;
      EXPECT_FALSE(opened->manifest.commit(workload.next(unsure)).ok());
      files.lose_power(seed + static_cast<std::uint64_t>(life));
      auto after = Manifest::open(files, kDirectory);
      ASSERT_TRUE(after.ok()) << after.error().text;
      model = after->partitions;  // any of its records, each whole: checked by the CRC, the content by the next life
    }
  }
}

TEST(Manifest, IsRewrittenWhenTwiceAsLongAsWhatIsLive) {
  const test::Mark rewrite("log.manifest.rewrite");
  const test::Mark cut_off("log.manifest.rewrite_cut_off");
  const std::string large(200'000, 'x');
  for (std::uint64_t halt_at = 1; halt_at < 6; ++halt_at) {
    sim::Files files(halt_at);
    prepare(files);
    auto opened = Manifest::open(files, kDirectory);
    ASSERT_TRUE(opened.ok());
    const std::uint64_t before = rewrite.hits();
    std::uint64_t committed = 0;
    for (std::uint64_t i = 1; i < 100; ++i) {
      ManifestBatch batch;
      batch.put_partition(key(1), GroupId(1), FrameIndex(i), as_bytes(large));
      batch.set_replay_from(JournalPosition(i));
      if (rewrite.hits() == before + 2 && halt_at > 0)
        files.inject({.operation = sim::Operation::kNames, .nth = halt_at, .effect = sim::Effect::kHalt});
      if (!opened->manifest.commit(batch).ok()) break;
      committed = i;
      EXPECT_LT(opened->manifest.file_bytes(), 2'000'000u);
    }
    files.lose_power(halt_at);
    const auto again = Manifest::open(files, kDirectory);
    ASSERT_TRUE(again.ok()) << again.error().text;
    EXPECT_GE(again->partitions.at(key(1)).applied, FrameIndex(committed));
    EXPECT_GE(again->replay_from, JournalPosition(committed));
  }
  EXPECT_GT(rewrite.hits(), 0u);
  EXPECT_GT(cut_off.hits(), 0u);
}

ManifestBatch state_of(int n, std::uint64_t applied) {
  ManifestBatch batch;
  batch.put_partition(key(n), GroupId(1), FrameIndex(applied), as_bytes(std::string(100 * static_cast<std::size_t>(n), 's')));
  return batch;
}

// The pages of a sync that failed are clean, whatever they hold: a restart that reads them must not take them for synced.
TEST(Manifest, WhatARestartReadsAfterAFailedSyncSurvivesPowerLoss) {
  for (const std::uint64_t seed : test::seeds(100)) {
    SCOPED_TRACE(test::replay(seed));
    sim::Files files(seed);
    prepare(files);
    {
      auto opened = Manifest::open(files, kDirectory);
      ASSERT_TRUE(opened->manifest.commit(state_of(1, 1)).ok());
      files.inject({.operation = sim::Operation::kSyncData, .nth = 1});
      EXPECT_FALSE(opened->manifest.commit(state_of(2, 2)).ok());
    }
    files.kill();
    {
      auto opened = Manifest::open(files, kDirectory);
      ASSERT_TRUE(opened.ok()) << opened.error().text;
      EXPECT_EQ(opened->partitions.at(key(2)).applied, FrameIndex(2)) << "the page cache still has it";
      ASSERT_TRUE(opened->manifest.commit(state_of(3, 3)).ok());
    }
    files.lose_power(seed);
    const auto opened = Manifest::open(files, kDirectory);
    ASSERT_TRUE(opened.ok()) << opened.error().text;
    EXPECT_EQ(opened->bad_records, 0u);
    for (int n = 1; n <= 3; ++n) EXPECT_EQ(opened->partitions.at(key(n)).applied, FrameIndex(static_cast<std::uint64_t>(n)));
  }
}

TEST(Manifest, ACommitAfterOneThatFailedBeginsANewFile) {
  for (const auto operation : {sim::Operation::kWrite, sim::Operation::kSyncData}) {
    for (const std::uint64_t seed : test::seeds(50)) {
      SCOPED_TRACE(test::replay(seed));
      sim::Files files(seed);
      prepare(files);
      {
        auto opened = Manifest::open(files, kDirectory);
        ASSERT_TRUE(opened->manifest.commit(state_of(1, 1)).ok());
        files.inject({.operation = operation, .nth = 1, .effect = sim::Effect::kError});
        EXPECT_FALSE(opened->manifest.commit(state_of(2, 2)).ok());
        files.inject({.operation = sim::Operation::kNames, .nth = 1 + seed % 3, .effect = sim::Effect::kError});
        EXPECT_FALSE(opened->manifest.commit(state_of(2, 2)).ok()) << "nor can the new file be made";
        ASSERT_TRUE(opened->manifest.commit(state_of(3, 3)).ok());
      }
      files.lose_power(seed);
      const auto opened = Manifest::open(files, kDirectory);
      ASSERT_TRUE(opened.ok()) << opened.error().text;
      EXPECT_EQ(opened->bad_records, 0u);
      EXPECT_EQ(opened->partitions.at(key(1)).applied, FrameIndex(1));
      EXPECT_EQ(opened->partitions.at(key(3)).applied, FrameIndex(3));
    }
  }
}

TEST(Manifest, ABadRecordIsPassedOverAndTheOlderOneStands) {
  sim::Files files(1);
  prepare(files);
  std::uint64_t second = 0;
  {
    auto opened = Manifest::open(files, kDirectory);
    ASSERT_TRUE(opened.ok());
    for (std::uint64_t i = 1; i <= 3; ++i) {
      ManifestBatch batch;
      batch.put_partition(key(i == 3 ? 2 : 1), GroupId(1), FrameIndex(i), as_bytes("state"));
      second = i == 2 ? opened->manifest.file_bytes() : second;
      ASSERT_TRUE(opened->manifest.commit(batch).ok());
    }
  }
  files.flip_bit("disk/manifest", second + 28, 1);
  const auto opened = Manifest::open(files, kDirectory);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->bad_records, 1u);
  EXPECT_EQ(opened->partitions.at(key(1)).applied, FrameIndex(1));
  EXPECT_EQ(opened->partitions.at(key(2)).applied, FrameIndex(3));
}

// A rewrite copies each newest record once; the older ones are those of the file before it.
TEST(Manifest, ABadRecordOfARewrittenFileIsFoundInThePreviousOne) {
  const test::Mark rewrite("log.manifest.rewrite");
  sim::Files files(1);
  prepare(files);
  {
    auto opened = Manifest::open(files, kDirectory);
    ASSERT_TRUE(opened->manifest.commit(state_of(1, 1)).ok());
    for (std::uint64_t i = 2; rewrite.hits() == 0 || i % 3 != 0; ++i) {
      ManifestBatch batch = state_of(static_cast<int>(2 + i % 3), i);
      batch.put_piece(key(1), {.kind = 1, .id = "large"}, FrameIndex(i), as_bytes(std::string(200'000, 'x')));
      batch.set_replay_from(JournalPosition(i));
      ASSERT_TRUE(opened->manifest.commit(batch).ok());
    }
  }
  const std::string before = render(Manifest::read(files, kDirectory)->partitions);
  files.flip_bit("disk/manifest", 16 + 30, 1);  // the record of partition 1, which was written once
  for (int start = 0; start < 2; ++start) {
    const auto opened = Manifest::open(files, kDirectory);
    ASSERT_TRUE(opened.ok()) << opened.error().text;
    EXPECT_EQ(opened->bad_records, start == 0 ? 1u : 0u) << "a start that found damage wrote a whole file";
    EXPECT_EQ(render(opened->partitions), before);
    files.lose_power(1);
  }
}

}  // namespace
}  // namespace firth::log
