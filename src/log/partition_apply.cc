// How released frames change a partition's visible state: the one apply path of leader and recovery.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/mark.h"
#include "log/group.h"
#include "log/partition.h"
#include "log/shard_log.h"

namespace firth::log {
namespace {

// Entries are what this server wrote, and their frame's CRC held.
template <class T>
T decoded(Result<T> result) {
  FIRTH_ASSERT(result.ok());
  return *std::move(result);
}

}  // namespace

void Partition::apply(FrameIndex index, const Frame::Slot& slot, JournalPosition replay_from) {
  FIRTH_ASSERT(index > applied_);
  if (!dirty_from_.has_value()) dirty_from_ = replay_from;
  for (const Entry& entry : slot.entries) {
    if (dead_) {
      FIRTH_MARK("log.partition.entry_after_death");
      break;
    }
    apply_entry(index, entry);
  }
  applied_ = index;
  next_offset_ = std::max(next_offset_, state_.next);  // in recovery there is no overlay ahead of it
  check_invariants();
  if (!std::exchange(changed_, true)) group_.note_changed(*this);
}

void Partition::replay(FrameIndex index, const Frame::Slot& slot, JournalPosition replay_from) {
  replaying_ = true;
  apply(index, slot, replay_from);
  replaying_ = false;
}

// All that follow the data, but those that were restored with what the frame did to them.
template <class Tell>
void Partition::tell_pieces(FrameIndex index, const Tell& tell) {
  for (HeldPiece* const held : followers_) {
    if (index <= held->restored_at) continue;
    tell(*held->piece);
    held->recorded = Recorded::kNot;
  }
}

void Partition::hold(const PieceKey& key, HeldPiece held) {
  HeldPiece& here = pieces_[key] = std::move(held);
  if (here.piece->follows_data()) followers_.push_back(&here);
}

void Partition::replay_recorded(FrameIndex index, const Frame::Slot& slot, JournalPosition replay_from) {
  FIRTH_ASSERT(index <= applied_);
  if (!older_from_.has_value()) {
    older_from_ = replay_from;
    for (auto& [key, held] : pieces_)
      if (index <= held.restored_at) held.recorded = Recorded::kOnce;
    for (auto& [chunk, held] : erased_)
      if (index <= held.restored_at) held.recorded = Recorded::kOnce;
  }
  for (const Entry& entry : slot.entries) {
    const ByteView body = entry.body.view();
    if (entry.kind == EntryKind::kBatch) tell_pieces(index, [&](Piece& piece) { piece.on_batch(BatchView(body), entry.body); });
    if (entry.kind == EntryKind::kErase) apply_erase(index, decoded(decode_erase(body)));
    if (entry.kind == EntryKind::kPiece) {
      const PieceAct act = decoded(decode_piece_act(body));
      if (!gone_pieces_.contains(act.piece)) apply_piece(index, act);
    }
    if (entry.kind == EntryKind::kLogStart || entry.kind == EntryKind::kFirst) {
      const Offset first = std::min(decoded(decode_offset(body)), state_.first);
      tell_pieces(index, [&](Piece& piece) { piece.on_first_moved(first); });
    }
  }
}

void Partition::apply_entry(FrameIndex index, const Entry& entry) {
  const ByteView body = entry.body.view();
  switch (entry.kind) {
    case EntryKind::kBatch:
      return apply_batch(index, entry.body);
    case EntryKind::kBirth:
      born_ = true;
      return apply_config(body);
    case EntryKind::kConfig:
      return apply_config(body);
    case EntryKind::kDeath:
      dead_ = true;
      return;
    case EntryKind::kErase:
      return apply_erase(index, decoded(decode_erase(body)));
    case EntryKind::kLogStart: {
      const Offset start = std::min(decoded(decode_offset(body)), state_.next);
      state_.log_start = std::max(state_.log_start, start);
      return move_first(index, state_.log_start);
    }
    case EntryKind::kFirst:
      return move_first(index, std::min(decoded(decode_offset(body)), state_.next));
    case EntryKind::kReserve: {
      const ReserveAct reserve = decoded(decode_reserve(body));
      state_.reserved = reserve.end;
      state_.reserved_in = reserve.boot;
      return;
    }
    case EntryKind::kEpoch:
      state_.epochs.push_back(decoded(decode_epoch(body)));
      state_.next = std::max(state_.next, state_.epochs.back().start);
      return;
    case EntryKind::kPiece:
      return apply_piece(index, decoded(decode_piece_act(body)));
  }
  FIRTH_ASSERT(entry.kind <= EntryKind::kPiece);  // the frame's CRC held: this is what some version of us wrote
}

void Partition::apply_batch(FrameIndex index, const SharedBytes& bytes) {
  const BatchView batch(bytes.view());
  tail_.push({.base = batch.base_offset(), .next = batch.next_offset(), .bytes = bytes});
  state_.next = batch.next_offset();
  tell_pieces(index, [&](Piece& piece) { piece.on_batch(batch, bytes); });
  // A failure keeps the bytes in the tail and in the journal; it was logged, and is tried again with the next batch.
  if (!replaying_) (void)write_behind(settings_.write_behind_bytes).ok();
  trim_tail();
}

void Partition::apply_config(ByteView body) {
  const ConfigAct act = decoded(decode_config(body));
  state_.catalog_version = act.catalog_version;
  state_.config = SharedBytes::copy(act.config);
  settings_ = environment_.settings_of(act.config);
  if (!segments_.empty()) segments_.back()->set_limits(settings_.segments);
}

void Partition::apply_erase(FrameIndex index, const std::vector<OffsetRange>& ranges) {
  for (OffsetRange range : ranges) {
    tell_pieces(index, [&](Piece& piece) { piece.on_erased(range); });
    range.first = std::max(range.first, state_.log_start);  // what is below is not held any more
    while (range.first < range.end) {
      const std::int64_t chunk = range.first.value() / kErasedChunkOffsets;
      const Offset chunk_end((chunk + 1) * kErasedChunkOffsets);
      const OffsetRange part{range.first, std::min(range.end, chunk_end)};
      HeldErased& held =
          erased_.try_emplace(chunk, HeldErased{.set = ErasedSet(Offset(chunk * kErasedChunkOffsets)), .restored_at = {}}).first->second;
      if (index > held.restored_at) {
        held.set.insert(part);
        held.recorded = Recorded::kNot;
      }
      range.first = part.end;
    }
  }
}

void Partition::apply_piece(FrameIndex index, const PieceAct& act) {
  const auto found = pieces_.find(act.piece);
  if (found != pieces_.end() && index <= found->second.restored_at) return;
  if (act.operation == PieceOperation::kRemove) {
    if (found == pieces_.end()) return;
    std::erase(followers_, &found->second);
    pieces_.erase(found);
    removed_pieces_.push_back(act.piece);
    return;
  }
  if (found == pieces_.end()) {
    std::erase(removed_pieces_, act.piece);
    hold(act.piece, {.piece = environment_.make_piece(key_, act.piece), .restored_at = {}});
  }
  HeldPiece& held = pieces_.at(act.piece);
  held.piece->apply(act.act);
  held.recorded = Recorded::kNot;
}

void Partition::move_first(FrameIndex index, Offset first) {
  if (first <= state_.first) return;
  state_.first = first;
  tell_pieces(index, [&](Piece& piece) { piece.on_first_moved(first); });
  // What lies wholly below the log start is forgotten with its chunk; the files follow with the next checkpoint.
  while (!erased_.empty() && (erased_.begin()->first + 1) * kErasedChunkOffsets <= state_.log_start.value()) {
    removed_pieces_.push_back(erased_piece_key(erased_.begin()->first));
    erased_.erase(erased_.begin());
  }
}

Offset Partition::next_live(Offset from, Offset end) const {
  from = std::max(from, state_.first);
  while (from < end) {
    const std::int64_t chunk = from.value() / kErasedChunkOffsets;
    const Offset chunk_end((chunk + 1) * kErasedChunkOffsets);
    const auto found = erased_.find(chunk);
    if (found == erased_.end()) return from;
    const Offset live = found->second.set.next_live(from);
    if (live < chunk_end) return std::min(live, end);
    from = chunk_end;
  }
  return std::min(from, std::max(end, state_.first));
}

ErasedSet Partition::erased_within(OffsetRange range) const {
  ErasedSet within(range.first);
  for (auto at = erased_.lower_bound(range.first.value() / kErasedChunkOffsets); at != erased_.end(); ++at) {
    const Offset chunk_begin(at->first * kErasedChunkOffsets);
    const Offset end = std::min(range.end, chunk_begin + kErasedChunkOffsets);
    for (Offset from = std::max(range.first, chunk_begin); from < end;) {
      const Offset erased = at->second.set.next_erased(from, end);
      from = std::min(at->second.set.next_live(erased), end);
      within.insert({erased, from});
    }
    if (chunk_begin >= range.end) break;
  }
  return within;
}

bool Partition::has_erased(OffsetRange range) const {
  if (range.first < state_.first) return true;
  for (auto at = erased_.lower_bound(range.first.value() / kErasedChunkOffsets); at != erased_.end(); ++at) {
    const Offset chunk_begin(at->first * kErasedChunkOffsets);
    if (chunk_begin >= range.end) return false;
    const OffsetRange part{std::max(range.first, chunk_begin), std::min(range.end, chunk_begin + kErasedChunkOffsets)};
    if (at->second.set.intersects(part)) return true;
  }
  return false;
}

}  // namespace firth::log
