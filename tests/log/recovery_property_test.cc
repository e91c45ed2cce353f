// Random appends, acts, deaths, checkpoints, rolls and passes of the cleaner on several partitions and shards, with segments whose sync
// fails, killed or without power at a random step, against a model that is a list of what was decided. After each start a partition must be
// what a prefix of that list makes of it, and the prefix holds everything that was acknowledged: nothing acknowledged is lost, nothing that
// was hidden from a reader is visible again, no offset that anybody saw is given out twice. Partitions with durability `os` and `sync` are
// mixed: those with `os` may lose what was not synced when power fails, and then go on behind everything that anybody saw.
#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "log/byte_io.h"
#include "tests/log/disk_world.h"
#include "tests/mark.h"
#include "tests/sim/seeds.h"

namespace firth::log {
namespace {

using namespace test;

constexpr int kPartitions = 5;
const PieceKey kPiece{.kind = 7, .id = "consumer"};

struct Batch {
  std::int64_t end = 0;  // what follows may be a hole
  std::string text;
  bool operator==(const Batch&) const = default;
};

// What a partition looks like to a reader.
struct View {
  bool alive = false;
  std::int64_t log_start = 0;
  std::int64_t next = 0;
  std::map<std::int64_t, Batch> batches;  // by base offset, those that hold an offset at or above the log start
  std::set<std::int64_t> erased;
  std::string piece;
  bool operator==(const View&) const = default;
};

std::ostream& operator<<(std::ostream& out, const View& view) {
  out << (view.alive ? "alive" : "dead") << " start " << view.log_start << " next " << view.next << " piece " << view.piece << " erased";
  for (const std::int64_t offset : view.erased) out << ' ' << offset;
  for (const auto& [base, batch] : view.batches)
    out << "\n  " << base << " to " << batch.end << ": " << batch.text.substr(0, 20) << " (" << batch.text.size() << ")";
  return out;
}

struct Decision {
  enum class Kind : std::uint8_t { kBirth, kAppend, kErase, kLogStart, kPiece, kDeath } kind;
  std::int64_t offset = 0, end = 0;  // append: base and next; erase: the range; log start: the offset
  std::string text;
};

void apply(View& view, const Decision& decision) {
  switch (decision.kind) {
    case Decision::Kind::kBirth:
      view = View{.alive = true};
      break;
    case Decision::Kind::kAppend:
      view.batches[decision.offset] = {.end = decision.end, .text = decision.text};
      view.next = decision.end;
      break;
    case Decision::Kind::kErase:
      for (std::int64_t offset = decision.offset; offset < decision.end; ++offset) view.erased.insert(offset);
      break;
    case Decision::Kind::kLogStart:
      view.log_start = std::max(view.log_start, decision.offset);
      break;
    case Decision::Kind::kPiece:
      view.piece += decision.text + ",";
      break;
    case Decision::Kind::kDeath:
      view = View{};
      break;
  }
}

bool is_os(int n) { return n % 2 == 1; }

// Drops what no reader sees, so that two views that look alike are alike.
View normalized(View view) {
  std::erase_if(view.erased, [&](std::int64_t offset) { return offset < view.log_start; });
  for (auto at = view.batches.begin(); at != view.batches.end();) {
    bool live = false;
    for (std::int64_t offset = std::max(at->first, view.log_start); offset < at->second.end; ++offset)
      live |= !view.erased.contains(offset);
    at = live ? std::next(at) : view.batches.erase(at);
  }
  return view;
}

View look(Partition* partition) {
  View view;
  if (partition == nullptr) return view;
  view.alive = true;
  view.log_start = partition->log_start().value();
  view.next = partition->high_watermark().value();
  for (Offset at = partition->log_start(); at < partition->high_watermark();) {
    auto read = partition->read_raw({.from = at, .bound = partition->high_watermark(), .max_bytes = 3000});
    EXPECT_TRUE(read.ok()) << read.error().text;
    if (!read.ok() || read->batches.empty()) break;
    for (const SharedBytes& bytes : read->batches) {
      for (ByteView left = bytes.view(); !left.empty();) {
        const BatchView batch(left);
        EXPECT_TRUE(batch.crc_matches());
        view.batches[batch.base_offset().value()] = {.end = batch.next_offset().value(), .text = std::string(as_text(batch.records()))};
        left = left.subspan(batch.size());
      }
    }
    EXPECT_GT(read->next_offset, at);
    at = read->next_offset;
  }
  for (std::int64_t offset = view.log_start; offset < view.next; ++offset)
    if (partition->is_erased(Offset(offset))) view.erased.insert(offset);
  if (const Piece* piece = partition->piece(kPiece)) view.piece = static_cast<const JournalingPiece*>(piece)->text();
  return normalized(view);
}

enum class Ending : std::uint8_t { kKill, kPowerLoss };

class Workload {
 public:
  Workload(DiskWorld& disk, std::uint64_t seed) : disk_(disk), random_(seed) {}

  // Posts one random change of one partition to its shard.
  void change_something() {
    const int n = static_cast<int>(random_.below(kPartitions));
    disk_.home(n).loop().post([this, n] { change(n); });
  }

  // After a start: each partition is what some prefix of its decisions makes of it, not shorter than what was acknowledged.
  void check(Ending ending) {
    for (int n = 0; n < kPartitions; ++n) {
      SCOPED_TRACE(n);
      History& history = histories_[n];
      const bool may_lose = is_os(n) && ending == Ending::kPowerLoss;
      if (may_lose) history.acknowledged = history.committed;
      const View found = look(disk_.partition(n));
      View view = history.base;
      std::optional<std::size_t> matched;
      for (std::size_t length = 0;; ++length) {
        View expected = view;
        if (may_lose && found.next > view.next) expected.next = found.next;  // a hole
        const bool may_match = expected.next == found.next && view.log_start == found.log_start && view.piece == found.piece;
        if (length >= history.acknowledged && may_match && normalized(expected) == found) matched = length;
        if (length == history.decisions.size()) break;
        apply(view, history.decisions[length]);
      }
      View acknowledged = history.base;
      for (std::size_t i = 0; i < history.acknowledged; ++i) apply(acknowledged, history.decisions[i]);
      ASSERT_TRUE(matched.has_value()) << "found " << found << "\nacknowledged " << normalized(acknowledged) << "\nof "
                                       << history.decisions.size() << " decisions: " << normalized(view);
      if (found.alive) {
        EXPECT_GE(found.next, history.seen_end) << "offsets that somebody saw are given out again";
        EXPECT_GE(disk_.partition(n)->next_offset().value(), history.seen_end);
      }
      history.base = found;
      history.decisions.clear();
      history.acknowledged = history.committed = 0;
      ++history.life;
    }
  }
  std::uint64_t acknowledged_total() const { return acknowledged_total_; }

 private:
  struct History {
    View base;  // at the last start
    std::vector<Decision> decisions;
    std::size_t acknowledged = 0;
    std::size_t committed = 0;  // survives power loss, whatever the durability
    std::int64_t seen_end = 0;  // of the offsets that were released, in any life
    std::uint64_t life = 0;
  };

  void note(int n, Partition& partition, Decision decision) {
    History& history = histories_[n];
    history.decisions.push_back(std::move(decision));
    partition.when_released([this, n, count = history.decisions.size(), life = history.life](const Result<void>& result) {
      History& now = histories_[n];
      if (!result.ok() || now.life != life) return;
      now.acknowledged = std::max(now.acknowledged, count);
      if (!is_os(n)) now.committed = now.acknowledged;
      for (std::size_t i = 0; i < count; ++i)
        if (now.decisions[i].kind == Decision::Kind::kAppend) now.seen_end = std::max(now.seen_end, now.decisions[i].end);
      ++acknowledged_total_;
    });
    if (random_.below(6) != 0) return;
    partition.when_committed([this, n, count = history.decisions.size(), life = history.life](const Result<void>& result) {
      History& now = histories_[n];
      if (!result.ok() || now.life != life) return;
      EXPECT_GE(now.acknowledged, count) << "committed before it is released";
      now.committed = std::max(now.committed, count);
    });
  }

  void change(int n) {
    Group& group = disk_.home(n).group(DiskWorld::group_of(n));
    Partition* partition = group.find(partition_key(n));
    if (partition == nullptr) {
      if (died_.contains(n)) return;  // ids are never used again
      auto made = group.create(partition_key(n), {.catalog_version = 1, .config = as_bytes(is_os(n) ? "os" : "sync")});
      if (made.ok()) note(n, **made, {.kind = Decision::Kind::kBirth});
      return;
    }
    if (partition->is_dead() || died_.contains(n)) return;
    const std::int64_t next = partition->next_offset().value();
    switch (random_.below(12)) {
      case 0: {
        const std::int64_t from = static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(next) + 1));
        const std::int64_t end =
            std::min<std::int64_t>(next, from + 1 + static_cast<std::int64_t>(random_.below(random_.below(4) == 0 ? 40 : 4)));
        if (from >= end || !partition->act(EntryKind::kErase, encode_erase({{Offset(from), Offset(end)}})).ok()) return;
        return note(n, *partition, {.kind = Decision::Kind::kErase, .offset = from, .end = end});
      }
      case 1: {
        const std::int64_t start = static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(next) + 1));
        if (!partition->act(EntryKind::kLogStart, encode_offset(Offset(start))).ok()) return;
        return note(n, *partition, {.kind = Decision::Kind::kLogStart, .offset = start});
      }
      case 2:
      case 3: {
        const std::string text = std::to_string(++counter_);
        if (!partition->act_on_piece({.piece = kPiece, .act = as_bytes(text)}).ok()) return;
        return note(n, *partition, {.kind = Decision::Kind::kPiece, .text = text});
      }
      case 4:
        if (random_.below(20) != 0 || !partition->act(EntryKind::kDeath, {}).ok()) return;
        died_.insert(n);
        return note(n, *partition, {.kind = Decision::Kind::kDeath});
      default: {
        const std::string text = std::to_string(++counter_) + std::string(random_.below(1500), 'x');
        const auto count = static_cast<std::int32_t>(1 + random_.below(3));
        const auto base = partition->append(make_batch(text, count));
        if (!base.ok()) return;
        EXPECT_EQ(base->value(), next);
        return note(n, *partition, {.kind = Decision::Kind::kAppend, .offset = next, .end = next + count, .text = text});
      }
    }
  }

  DiskWorld& disk_;
  sim::Random random_;
  std::map<int, History> histories_;
  std::set<int> died_;
  std::uint64_t counter_ = 0;
  std::uint64_t acknowledged_total_ = 0;
};

// Opens what is left, now and then twice: without power again before what recovery decided is on disk.
bool open_again(DiskWorld& disk, sim::Random& random, Ending& ending) {
  if (!disk.open()) return false;
  if (random.below(4) == 0) {
    disk.world.run_steps(random.below(10));
    disk.lose_power();
    ending = Ending::kPowerLoss;
    if (!disk.open()) return false;
  }
  EXPECT_EQ(disk.disk->recovery().damages.size(), 0u);
  EXPECT_EQ(disk.disk->recovery().bad_manifest_records, 0u);
  return disk.world.run_until([&] { return disk.is_idle(); }, 10s);
}

TEST(RecoveryProperty, WhatWasAcknowledgedIsThereAndWhatWasHiddenStaysHidden) {
  const firth::test::Mark lost("log.partition.offsets_lost");
  const firth::test::Mark rewritten("log.segment.rewritten"), repaired("log.segment.repair");
  std::uint64_t acknowledged = 0, checkpointed_lives = 0;
  for (const std::uint64_t seed : firth::test::seeds(60)) {
    SCOPED_TRACE(firth::test::replay(seed));
    DiskWorld disk(seed, 1 + seed % 2, seed % 3 == 0 ? 20'000 : 200'000);
    Workload workload(disk, seed);
    sim::Random random(seed);
    Ending ending = Ending::kKill;
    for (int life = 0; life < 5; ++life) {
      ASSERT_TRUE(open_again(disk, random, ending)) << disk.error;
      workload.check(ending);
      if (testing::Test::HasFatalFailure()) return;
      for (std::uint64_t rounds = random.below(60); rounds > 0; --rounds) {
        for (std::uint64_t changes = 1 + random.below(5); changes > 0; --changes) workload.change_something();
        if (random.below(15) == 0) disk.disk->checkpointer().request();
        if (random.below(20) == 0) disk.world.files().inject({.operation = sim::Operation::kSyncFilesystem, .nth = 1});
        if (random.below(30) == 0) disk.world.run_for(Cleaner::kInterval);
        disk.world.run_steps(random.below(40));
      }
      if (random.below(4) == 0) {  // a clean stop
        bool settled = false;
        disk.disk->settle([&] { settled = true; });
        ASSERT_TRUE(disk.world.run_until([&] { return settled; }, 10s));
        disk.world.run_until_idle();
        ++checkpointed_lives;
      }
      ending = random.below(2) == 0 ? Ending::kPowerLoss : Ending::kKill;
      ending == Ending::kPowerLoss ? disk.lose_power() : disk.kill();
    }
    acknowledged += workload.acknowledged_total();
  }
  EXPECT_GT(acknowledged, 1000u);
  EXPECT_GT(lost.hits(), 0u);
  EXPECT_GT(checkpointed_lives, 0u);
  EXPECT_GT(rewritten.hits(), 0u);
  EXPECT_GT(repaired.hits(), 0u);
  std::printf("%llu acknowledged\n", static_cast<unsigned long long>(acknowledged));
}

}  // namespace
}  // namespace firth::log
