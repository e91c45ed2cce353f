// A partition's side of checkpoints and of recovery: what of it goes into the manifest, and how it comes back.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "log/partition.h"

namespace firth::log {

namespace {
constexpr std::uint16_t kErasedPieceKind = 0xFFFF;  // the log's own; higher layers number theirs from 1
}

PieceKey Partition::erased_piece_key(std::int64_t chunk) { return {.kind = kErasedPieceKind, .id = fmt::format("{:016x}", chunk)}; }

bool Partition::needs_record(Recorded& recorded) {
  if (recorded == Recorded::kTwice) return false;
  recorded = recorded == Recorded::kNot ? Recorded::kOnce : Recorded::kTwice;
  return true;
}

std::optional<JournalPosition> Partition::held_from() const {
  for (const auto& from : {older_from_, pending_from_, dirty_from_})
    if (from.has_value()) return from;
  return std::nullopt;
}

Result<Partition::Checkpoint> Partition::begin_checkpoint() {
  Checkpoint checkpoint{.applied = applied_,
                        .state = {},
                        .pieces = {},
                        .removed_pieces = {},
                        .flushed = {},
                        .removable = {},
                        .has_new_files = has_new_files_,
                        .dead = dead_};
  if (!dead_) {
    FIRTH_CHECK(write_behind(1));
    retire_dead_segments();
    FIRTH_TRY(state_.segments, flush_segments());
    for (std::size_t i = 0; i < segments_.size(); ++i)
      if (state_.segments[i] != segments_[i]->durable()) checkpoint.flushed.push_back(state_.segments[i]);
    state_.rewritten.clear();
    for (const auto& [base, live] : rewritten_live_) state_.rewritten.push_back({.base = base, .live = live});
    for (Retired& retired : retired_) {
      if (retired.stage == Retired::Stage::kForgotten) checkpoint.removable.push_back(retired.name);
      if (retired.stage == Retired::Stage::kNamed) retired.stage = Retired::Stage::kLeaving;
    }
    checkpoint.state = encode_partition_state(state_);
    for (auto& [key, held] : pieces_)
      if (needs_record(held.recorded)) checkpoint.pieces.emplace_back(key, held.piece->encode());
    for (auto& [chunk, held] : erased_) {
      if (!needs_record(held.recorded)) continue;
      std::vector<std::byte> bytes;
      held.set.encode(bytes);
      checkpoint.pieces.emplace_back(erased_piece_key(chunk), SharedBytes::copy(bytes));
    }
    has_new_files_ = false;
    checkpoint.removed_pieces = std::exchange(removed_pieces_, {});
  }
  pending_from_ = std::exchange(dirty_from_, std::nullopt);
  return checkpoint;
}

// All of them as they are once they are synced.
Result<std::vector<SegmentDescription>> Partition::flush_segments() {
  std::vector<SegmentDescription> described;
  for (const auto& segment : segments_) {
    // The journal holds what it has lost, and must go on holding it.
    if (segment->failed()) return Error{Errc::kUnavailable, segment->path() + " waits for its repair"};
    FIRTH_TRY(const SegmentDescription flushed, segment->flush());
    described.push_back(flushed);
  }
  return described;
}

void Partition::end_checkpoint(const Checkpoint& checkpoint, bool committed) {
  if (committed) {
    for (const SegmentDescription& description : checkpoint.flushed) {
      const std::size_t index = segment_place(description.name);
      // One that was sealed meanwhile was synced with more than that.
      if (index < segments_.size() && !segments_[index]->sealed() && !segments_[index]->failed())
        segments_[index]->mark_durable(description);
    }
    std::erase_if(retired_, [&](const Retired& retired) {
      return std::ranges::find(checkpoint.removable, retired.name) != checkpoint.removable.end();
    });
    for (Retired& retired : retired_)
      if (retired.stage == Retired::Stage::kLeaving) retired.stage = Retired::Stage::kForgotten;
    older_from_ = std::exchange(pending_from_, std::nullopt);
    return;
  }
  // The next one writes all of it again.
  has_new_files_ |= checkpoint.has_new_files;
  for (Retired& retired : retired_)
    if (retired.stage == Retired::Stage::kLeaving) retired.stage = Retired::Stage::kNamed;
  // One that was taken for the sake of the one before it had nothing new; frames that came meanwhile stay held.
  if (pending_from_.has_value()) dirty_from_ = std::exchange(pending_from_, std::nullopt);
  for (const auto& [key, bytes] : checkpoint.pieces) {
    if (const auto found = pieces_.find(key); found != pieces_.end()) found->second.recorded = Recorded::kNot;
    if (key.kind == kErasedPieceKind)
      for (auto& [chunk, held] : erased_)
        if (erased_piece_key(chunk) == key) held.recorded = Recorded::kNot;
  }
  removed_pieces_.insert(removed_pieces_.end(), checkpoint.removed_pieces.begin(), checkpoint.removed_pieces.end());
}

Result<void> Partition::restore(const StoredPartition& stored) {
  FIRTH_TRY(state_, decode_partition_state(stored.state.view()));
  born_ = true;
  applied_ = stored.applied;
  settings_ = environment_.settings_of(state_.config.view());
  for (const SegmentDescription& description : state_.segments)
    segments_.push_back(Segment::open(environment_.files, directory(), description, settings_.segments));
  for (std::size_t i = 0; i + 1 < segments_.size(); ++i)
    if (!segments_[i]->sealed()) segments_[i]->close();
  for (const RewrittenSegment& segment : state_.rewritten) rewritten_live_[segment.base] = segment.live;
  tail_ = Tail(state_.next);
  gone_pieces_ = stored.gone_pieces;
  for (const auto& [key, stored_piece] : stored.pieces) {
    if (key.kind == kErasedPieceKind) {
      FIRTH_TRY(auto set, ErasedSet::decode(stored_piece.bytes.view()));
      const std::int64_t chunk = set.base().value() / kErasedChunkOffsets;
      erased_.try_emplace(chunk, HeldErased{.set = std::move(set), .restored_at = stored_piece.applied});
      continue;
    }
    HeldPiece held{.piece = environment_.make_piece(key_, key), .restored_at = stored_piece.applied};
    if (held.piece == nullptr)
      return Error{Errc::kUnsupported, fmt::format("{}: a piece of kind {}, which this server does not know", directory(), key.kind)};
    FIRTH_CHECK(held.piece->restore(stored_piece.bytes.view()));
    hold(key, std::move(held));
  }
  return {};
}

}  // namespace firth::log
