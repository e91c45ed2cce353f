// Power may fail between any two writes and inside any of them; sim::Files keeps what was synced and decides by seed what becomes of the
// rest, sector by sector: kept, lost or garbled.
#include "log/journal.h"

#include <gtest/gtest.h>

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <random>

#include "base/crc32c.h"
#include "log/journal_scan.h"
#include "tests/mark.h"
#include "tests/sim/files.h"
#include "tests/sim/seeds.h"

namespace firth::log {
namespace {

constexpr std::string_view kDirectory = "journal";
const JournalSettings kSettings;

std::string content(const Frame& frame) {
  std::string text = std::to_string(frame.id.index.value());
  for (const Frame::Slot& slot : frame.slots())
    for (const Entry& entry : slot.entries)
      text += fmt::format(" {} bytes {:08x}", entry.body.size(), crc32c(entry.body.view()));  // short enough to be read in a failure
  return text;
}

// What a scan found, without the journal's own empty frames.
struct Collected : FrameSink {
  std::vector<std::string> frames;
  std::vector<JournalPosition> places;
  std::vector<JournalPosition> previous_ends;
  std::vector<JournalDamage> damages;
  void on_frame(Frame frame, const FramePlace& place) override {
    if (frame.empty()) return;
    frames.push_back(content(frame));
    places.push_back(place.position);
    previous_ends.push_back(place.previous_end);
  }
  void on_damage(const JournalDamage& damage) override { damages.push_back(damage); }
};

// A journal on simulated files, what was submitted to it, and how much of that was promised to survive power loss.
class JournalUnderTest {
 public:
  JournalUnderTest(sim::Files& files, std::uint64_t seed) : files_(files), random_(seed) {
    EXPECT_TRUE(files_.make_directory(kDirectory).ok());
    EXPECT_TRUE(files_.sync_filesystem(kDirectory).ok());  // the directory's own name
    reopen();
  }

  void submit_random_frames(std::size_t count, std::size_t most_bytes) {
    std::vector<Frame> frames(count);
    std::vector<const Frame*> pointers;
    for (Frame& frame : frames) {
      frame.id = {.group = GroupId(1), .term = 1, .index = FrameIndex(++index_)};
      PartitionKey key;
      key.partition = PartitionIndex(static_cast<std::int32_t>(random_() % 5));
      const std::size_t slot = frame.add_partition(key);
      const std::string text(1 + random_() % most_bytes, static_cast<char>('a' + random_() % 26));
      frame.add(slot, EntryKind::kBatch, SharedBytes::copy(as_bytes(text)));
      submitted.push_back(content(frame));
      pointers.push_back(&frame);
    }
    std::vector<JournalPosition> places;
    const auto written = journal_->write(pointers, places);
    if (written.ok()) EXPECT_EQ(places.size(), count);
  }
  void sync() {
    if (journal_->sync().ok()) promised = submitted.size();
  }
  // Reads what is there, as a start after a crash does, and goes on in a new generation.
  Collected reopen() {
    journal_.reset();
    Collected collected;
    auto scan = scan_journal(files_, kDirectory, kSettings, released_, collected);
    EXPECT_TRUE(scan.ok()) << scan.error().text;
    last_scan = *scan;
    auto begun = Journal::begin(files_, kDirectory, kSettings, scan->generation + 1, scan->end, scan->files);
    EXPECT_TRUE(begun.ok()) << begun.error().text;
    if (begun.ok()) journal_.emplace(*std::move(begun));
    return collected;
  }
  // What is synced is not read any more.
  void release() {
    released_ = journal_->synced();
    submitted.clear();
    promised = 0;
  }
  Journal& operator*() { return *journal_; }
  Journal* operator->() { return &*journal_; }

  std::vector<std::string> submitted;
  std::size_t promised = 0;
  JournalScan last_scan;

 private:
  sim::Files& files_;
  std::mt19937_64 random_;
  std::uint64_t index_ = 0;
  JournalPosition released_;
  std::optional<Journal> journal_;
};

bool is_prefix(const std::vector<std::string>& shorter, const std::vector<std::string>& longer) {
  return shorter.size() <= longer.size() && std::equal(shorter.begin(), shorter.end(), longer.begin());
}

TEST(Journal, ReplaysEverySyncedFrameWhereverPowerFailsAndCanGoOn) {
  const test::Mark damage("log.journal.damage");
  std::uint64_t torn_tails = 0;
  for (const std::uint64_t seed : test::seeds(500)) {
    SCOPED_TRACE(test::replay(seed));
    sim::Files files(seed);
    JournalUnderTest journal(files, seed);
    for (int round = 0; round < 4; ++round) {
      journal.submit_random_frames(seed % 7 + 1, 3000);
      journal.sync();
      if (round == 1 && seed % 2 == 0) journal.release();  // then the next start may find nothing but a torn frame
      journal.submit_random_frames(seed % 5, 3000);
      if (seed % 3 == 0) (void)journal->write_idle_mark().ok();
      files.lose_power(seed + static_cast<std::uint64_t>(round));
      const Collected replayed = journal.reopen();
      torn_tails += journal.last_scan.torn_tail;
      ASSERT_TRUE(replayed.damages.empty());
      ASSERT_GE(replayed.frames.size(), journal.promised);
      ASSERT_TRUE(is_prefix(replayed.frames, journal.submitted)) << "lost inside, changed or reordered";
      journal.submitted = replayed.frames;  // what was cut is gone; what was read counts as synced now
      journal.promised = replayed.frames.size();
    }
  }
  EXPECT_GT(torn_tails, 0u);
  EXPECT_EQ(damage.hits(), 0u);
}

TEST(Journal, FramesGoOnInTheNextFileAndReleasedOnesAreUsedAgain) {
  const test::Mark no_spare("log.journal.no_spare");
  sim::Files files(1);
  JournalUnderTest journal(files, 1);
  std::size_t recycled = 0;
  for (int round = 0; round < 64; ++round) {
    journal.submit_random_frames(3, 2 * 1024 * 1024);
    journal.sync();
    if (round % 16 < 8) continue;  // nobody makes the next file in time
    if (auto order = journal->take_spare_order(); order.has_value()) {
      recycled += order->recycle.has_value();
      auto made = make_journal_file(files, kDirectory, order->start, kSettings.file_bytes, JournalSpace::kWritten, order->recycle);
      ASSERT_TRUE(made.ok()) << made.error().text;
      journal->add_spare(*std::move(made));
    }
    if (round == 29) {
      Collected collected;
      ASSERT_TRUE(scan_journal(files, kDirectory, kSettings, {}, collected).ok());
      EXPECT_EQ(collected.frames, journal.submitted);
      journal->release(collected.previous_ends.back());
    }
  }
  EXPECT_GT(recycled, 0u);
  EXPECT_GT(no_spare.hits(), 0u);
  EXPECT_LT(list_journal_files(files, kDirectory)->size(), 12u);
}

TEST(Journal, DamageBelowASyncedPositionIsReportedWithItsPartitionsAndTheRestIsRead) {
  for (const bool flip_header : {false, true}) {
    sim::Files files(3);
    JournalUnderTest journal(files, 3);
    journal.submit_random_frames(5, 1000);
    journal.sync();
    ASSERT_TRUE(journal->write_idle_mark().ok());
    Collected before;
    ASSERT_TRUE(scan_journal(files, kDirectory, kSettings, {}, before).ok());
    const JournalPosition third = before.places[2];
    const auto files_there = list_journal_files(files, kDirectory);
    const std::string path = journal_file_path(kDirectory, files_there->front());
    files.flip_bit(path, (third - files_there->front() + (flip_header ? 20 : kFrameHeaderBytes + kDirectoryEntryBytes + 30)), 3);

    Collected after;
    const auto scan = scan_journal(files, kDirectory, kSettings, {}, after);
    ASSERT_TRUE(scan.ok());
    EXPECT_FALSE(scan->torn_tail);
    ASSERT_EQ(after.damages.size(), 1u);
    EXPECT_TRUE(after.damages[0].directory_known);
    EXPECT_EQ(after.damages[0].partitions.size(), 1u);
    before.frames.erase(before.frames.begin() + 2);
    EXPECT_EQ(after.frames, before.frames);
  }
}

TEST(Journal, AFailedSyncEndsWriting) {
  sim::Files files(4);
  JournalUnderTest journal(files, 4);
  journal.submit_random_frames(2, 100);
  journal.sync();
  files.inject({.operation = sim::Operation::kSyncData, .nth = 1});
  journal.submit_random_frames(2, 100);
  const auto failed = journal->sync();
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, Errc::kStorage);
  EXPECT_TRUE(journal->failed());
  EXPECT_FALSE(journal->sync().ok()) << "the next sync would lie";
  std::vector<JournalPosition> places;
  EXPECT_FALSE(journal->write({}, places).ok());
}

}  // namespace
}  // namespace firth::log
