#include "tests/log/random_workload.h"

#include <optional>
#include <ostream>

#include "log/byte_io.h"

namespace firth::log::test {
namespace {

const PieceKey kPiece{.kind = 7, .id = "consumer"};

void apply(View& view, const Decision& decision) {
  switch (decision.kind) {
    case Decision::Kind::kBirth:
      view = View{.alive = true, .config = decision.text};
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
    case Decision::Kind::kConfig:
      view.config = decision.text;
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

void read_batches(Partition& partition, View& view) {
  for (Offset at = partition.log_start(); at < partition.high_watermark();) {
    auto read = partition.read_raw({.from = at, .bound = partition.high_watermark(), .max_bytes = 3000});
    if (!read.ok()) view.unreadable = read.error().text;
    if (!read.ok() || read->batches.empty()) return;
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
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const View& view) {
  out << (view.alive ? "alive" : "dead") << " start " << view.log_start << " next " << view.next << " piece " << view.piece << " config "
      << view.config << ' ' << view.unreadable << " erased";
  for (const std::int64_t offset : view.erased) out << ' ' << offset;
  for (const auto& [base, batch] : view.batches)
    out << "\n  " << base << " to " << batch.end << ": " << batch.text.substr(0, 20) << " (" << batch.text.size() << ")";
  return out;
}

View look(Partition* partition) {
  View view;
  if (partition == nullptr) return view;
  view.alive = true;
  view.log_start = partition->log_start().value();
  view.next = partition->high_watermark().value();
  read_batches(*partition, view);
  for (std::int64_t offset = view.log_start; offset < view.next; ++offset)
    if (partition->is_erased(Offset(offset))) view.erased.insert(offset);
  if (const Piece* piece = partition->piece(kPiece)) view.piece = static_cast<const JournalingPiece*>(piece)->text();
  view.config = as_text(partition->state().config.view());
  return normalized(view);
}

void RandomWorkload::change_something() {
  const int n = static_cast<int>(random_.below(kPartitions));
  disk_.home(n).loop().post([this, n] { change(n); });
}

View RandomWorkload::check_one(int n, Holes holes) {
  History& history = histories_[n];
  View found = look(disk_.partition(n));
  View view = history.base;
  View acknowledged = history.base;
  bool matched = false;
  for (std::size_t length = 0;; ++length) {
    if (length == history.acknowledged) acknowledged = view;
    View expected = view;
    if (holes == Holes::kAtTheEnd && found.next > view.next) expected.next = found.next;
    const bool may_match = expected.next == found.next && view.log_start == found.log_start && view.piece == found.piece;
    matched |= length >= history.acknowledged && may_match && normalized(expected) == found;
    if (length == history.decisions.size()) break;
    apply(view, history.decisions[length]);
  }
  EXPECT_TRUE(matched) << "partition " << n << ": found " << found << "\nacknowledged " << normalized(acknowledged) << "\nof "
                       << history.decisions.size() << " decisions: " << normalized(view);
  if (found.alive) {
    EXPECT_GE(found.next, history.seen_end) << "partition " << n << ": offsets that somebody saw are given out again";
    EXPECT_GE(disk_.partition(n)->next_offset().value(), history.seen_end);
  }
  return found;
}

void RandomWorkload::check() {
  for (int n = 0; n < kPartitions; ++n) check_one(n, Holes::kNone);
}

void RandomWorkload::check_after_start(Ending ending) {
  for (int n = 0; n < kPartitions; ++n) {
    History& history = histories_[n];
    const bool may_lose = is_os(n) && ending == Ending::kPowerLoss;
    if (may_lose) history.acknowledged = history.committed;
    history.base = check_one(n, may_lose ? Holes::kAtTheEnd : Holes::kNone);
    history.decisions.clear();
    history.acknowledged = history.committed = 0;
    ++history.life;
  }
}

void RandomWorkload::check_what_is_readable() {
  for (int n = 0; n < kPartitions; ++n) {
    const History& history = histories_[n];
    std::map<std::int64_t, Batch> written = history.base.batches;
    for (const Decision& decision : history.decisions)
      if (decision.kind == Decision::Kind::kAppend) written[decision.offset] = {.end = decision.end, .text = decision.text};
    for (const auto& [base, batch] : look(disk_.partition(n)).batches)
      EXPECT_TRUE(written.contains(base) && written[base] == batch) << "partition " << n << ": nobody wrote " << base << ": " << batch.text;
  }
}

void RandomWorkload::note(int n, Partition& partition, Decision decision) {
  History& history = histories_[n];
  history.decisions.push_back(std::move(decision));
  partition.when_released([this, n, count = history.decisions.size(), life = history.life](const Result<void>& result) {
    History& now = histories_[n];
    if (now.life != life) return;
    result.ok() ? ++acknowledged_total_ : ++refused_total_;
    if (!result.ok()) return;
    now.acknowledged = std::max(now.acknowledged, count);
    if (!is_os(n)) now.committed = now.acknowledged;
    for (std::size_t i = 0; i < count; ++i)
      if (now.decisions[i].kind == Decision::Kind::kAppend) now.seen_end = std::max(now.seen_end, now.decisions[i].end);
  });
  if (random_.below(6) != 0) return;
  partition.when_committed([this, n, count = history.decisions.size(), life = history.life](const Result<void>& result) {
    History& now = histories_[n];
    if (!result.ok() || now.life != life) return;
    EXPECT_GE(now.acknowledged, count) << "committed before it is released";
    now.committed = std::max(now.committed, count);
  });
}

void RandomWorkload::change(int n) {
  Group& group = disk_.home(n).group(DiskWorld::group_of(n));
  Partition* partition = group.find(partition_key(n));
  if (partition == nullptr) {
    if (died_.contains(n)) return;  // ids are never used again
    const std::string text = is_os(n) ? "os" : "sync";
    auto made = group.create(partition_key(n), {.catalog_version = 1, .config = as_bytes(text)});
    if (made.ok()) note(n, **made, {.kind = Decision::Kind::kBirth, .text = text});
    return;
  }
  if (!partition->is_dead() && !died_.contains(n)) change_alive(n, *partition);
}

void RandomWorkload::change_alive(int n, Partition& partition) {
  const std::int64_t next = partition.next_offset().value();
  switch (random_.below(13)) {
    case 0: {
      const std::int64_t from = static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(next) + 1));
      const std::int64_t end =
          std::min<std::int64_t>(next, from + 1 + static_cast<std::int64_t>(random_.below(random_.below(4) == 0 ? 40 : 4)));
      if (from >= end || !partition.act(EntryKind::kErase, encode_erase({{Offset(from), Offset(end)}})).ok()) return;
      return note(n, partition, {.kind = Decision::Kind::kErase, .offset = from, .end = end});
    }
    case 1: {
      const std::int64_t start = static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(next) + 1));
      if (!partition.act(EntryKind::kLogStart, encode_offset(Offset(start))).ok()) return;
      return note(n, partition, {.kind = Decision::Kind::kLogStart, .offset = start});
    }
    case 2:
    case 3: {
      const std::string text = std::to_string(++counter_);
      if (!partition.act_on_piece({.piece = kPiece, .act = as_bytes(text)}).ok()) return;
      return note(n, partition, {.kind = Decision::Kind::kPiece, .text = text});
    }
    case 4:
      if (random_.below(20) != 0 || !partition.act(EntryKind::kDeath, {}).ok()) return;
      died_.insert(n);
      return note(n, partition, {.kind = Decision::Kind::kDeath});
    case 5: {
      const std::string text = (is_os(n) ? "os " : "sync ") + std::to_string(++counter_);
      if (!partition.act(EntryKind::kConfig, encode_config({.catalog_version = counter_, .config = as_bytes(text)})).ok()) return;
      return note(n, partition, {.kind = Decision::Kind::kConfig, .text = text});
    }
    default:
      return append(n, partition);
  }
}

void RandomWorkload::append(int n, Partition& partition) {
  const std::int64_t next = partition.next_offset().value();
  const std::string text = std::to_string(++counter_) + std::string(random_.below(1500), 'x');
  const auto count = static_cast<std::int32_t>(1 + random_.below(3));
  const auto base = partition.append(make_batch(text, count));
  if (!base.ok()) return;
  EXPECT_EQ(base->value(), next);
  EXPECT_GE(base->value(), histories_[n].seen_end) << "partition " << n << " gives out an offset that a reader has seen";
  note(n, partition, {.kind = Decision::Kind::kAppend, .offset = next, .end = next + count, .text = text});
}

}  // namespace firth::log::test
