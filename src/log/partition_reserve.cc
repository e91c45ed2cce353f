// Offsets are never used twice, also where power loss takes what readers have seen (durability `os`): they are handed out from reserved
// blocks only. A reservation is an act, synced before the first offset of its block is released; who finds one at the start, made in
// another life of the machine, and not all of its offsets in the log, goes on behind it, in a new leader epoch.
//
//   | released by writing       | handed out next | reserved, not used |          power loss: | what was synced | hole | goes on here
//   ^ log start                                   ^ next               ^ reserved                                         ^ reserved
//
// The next block is reserved when half of the last one is used, so that nobody waits for it unless a sync takes longer than that half.
#include <fmt/core.h>

#include "base/log.h"
#include "base/mark.h"
#include "log/group.h"
#include "log/partition.h"

namespace firth::log {

Result<void> Partition::reserve(Offset end) {
  FIRTH_CHECK(group_.add(*this, EntryKind::kReserve, encode_reserve({.end = end, .boot = environment_.files.boot_id()})));
  reserved_ = end;
  reserving_.push_back({.frame = slot_frame_, .end = end});
  return {};
}

// Before offsets up to `end` are handed out.
Result<void> Partition::reserve_for(Offset end) {
  // What is synced before it is released needs none, and one from before the durability changed would say what is not so.
  if (settings_.durability == Durability::kSync) return give_back_reservation();
  const std::int64_t block = settings_.reserved_offsets;
  return end + block / 2 <= reserved_ ? Result<void>() : reserve(end + block);
}

Result<void> Partition::give_back_reservation() {
  if (reserved_ <= next_offset_) return {};
  FIRTH_CHECK(may_write());
  return reserve(next_offset_);
}

bool Partition::is_released_by_writing(FrameIndex index, const Frame::Slot& slot) const {
  if (settings_.durability != Durability::kOs || unapplied_.empty() || unapplied_.front() != index) return false;
  for (auto entry = slot.entries.rbegin(); entry != slot.entries.rend(); ++entry)
    if (entry->kind == EntryKind::kBatch) return BatchView(entry->body.view()).next_offset() <= reserved_for_sure_;
  return true;
}

bool Partition::note_committed(FrameIndex index) {
  const Offset before = reserved_for_sure_;
  while (!reserving_.empty() && reserving_.front().frame <= index) {
    reserved_for_sure_ = reserving_.front().end;
    reserving_.pop_front();
  }
  while (!committed_waiters_.empty() && committed_waiters_.front().frame <= index) {
    Released done = std::move(committed_waiters_.front().done);
    committed_waiters_.pop_front();
    done(Result<void>());
  }
  return reserved_for_sure_ > before;
}

void Partition::when_committed(Released done) {
  if (settings_.durability == Durability::kSync && unapplied_.empty()) return done(Result<void>());
  if (slot_frame_ == FrameIndex(0) || group_.is_committed(slot_frame_)) return done(Result<void>());
  committed_waiters_.push_back({.frame = slot_frame_, .done = std::move(done)});
  group_.want_sync();
}

void Partition::take_leadership() {
  gone_pieces_.clear();
  next_offset_ = state_.next;
  epoch_ = state_.epoch();
  reserved_ = reserved_for_sure_ = state_.reserved;
  if (dead_ || is_fenced() || state_.reserved <= state_.next || state_.reserved_in.is_same(environment_.files.boot_id())) return;
  FIRTH_MARK("log.partition.offsets_lost");
  const EpochStart term{.epoch = epoch_ + 1, .start = state_.reserved};
  if (auto begun = act(EntryKind::kEpoch, encode_epoch(term)); !begun.ok()) return fence(begun.error().text);
  log_warning("{}: power was lost, and offsets from {} on may have been lost with it: goes on at {} in leader epoch {}", directory(),
              state_.next.value(), term.start.value(), term.epoch.value());
  next_offset_ = term.start;
  epoch_ = term.epoch;
}

}  // namespace firth::log
