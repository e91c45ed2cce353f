#include "log/batch_scan.h"

#include <algorithm>
#include <limits>
#include <string>

#include "base/mark.h"

namespace firth::log {
namespace {

constexpr std::uint64_t kBlockBytes = 256 * 1024;
constexpr int kFollowers = 8;

bool is_plausible(const BatchView& batch, std::uint64_t left) {
  return look_at_batch(batch.bytes().first(kBatchHeaderBytes)) != BatchFront::kBad && batch.size() <= left &&
         batch.base_offset() >= Offset(0) && batch.last_offset_delta() >= 0;
}

bool fits(const BatchContext& context, const BatchView& batch) {
  return batch.base_offset() >= context.next_offset && batch.base_offset() < context.end_offset &&
         batch.last_offset_delta() < context.end_offset - batch.base_offset() && batch.leader_epoch() >= context.epoch;
}

}  // namespace

BatchVerdict judge_batch(ByteView bytes, std::uint64_t left, const BatchContext& context) {
  if (left < kBatchHeaderBytes) return BatchVerdict::kDamaged;
  if (bytes.size() < kBatchHeaderBytes) return BatchVerdict::kNeedMore;
  const BatchView batch(bytes);
  if (!is_plausible(batch, left) || !fits(context, batch)) return BatchVerdict::kDamaged;
  const std::uint64_t wanted = std::min<std::uint64_t>(left, batch.size() + kBatchHeaderBytes);
  if (bytes.size() < wanted) return BatchVerdict::kNeedMore;
  if (!batch.crc_matches()) return BatchVerdict::kDamaged;

  // An offset or epoch that was flipped upward shows only in the batch after, which fits what lies before this one, but not this one.
  // If this one goes on exactly where the one before ended, the batch after it is to blame.
  if (left - batch.size() < kBatchHeaderBytes) return BatchVerdict::kGood;
  const BatchView after(bytes.subspan(batch.size()));
  if (!is_plausible(after, left - batch.size()) || !fits(context, after)) return BatchVerdict::kGood;
  const bool offset_is_wrong = after.base_offset() < batch.next_offset() && batch.base_offset() != context.next_offset;
  const bool epoch_is_wrong = after.leader_epoch() < batch.leader_epoch() && batch.leader_epoch() != context.epoch;
  return offset_is_wrong || epoch_is_wrong ? BatchVerdict::kDamaged : BatchVerdict::kGood;
}

Result<ByteView> BatchScan::window(std::uint64_t position, std::uint64_t bytes) {
  const std::uint64_t wanted = std::min(bytes, end_ - position);
  if (position < buffer_position_ || position + wanted > buffer_position_ + buffer_.size()) {
    buffer_.resize(std::min(std::max(wanted, kBlockBytes), end_ - position));
    buffer_position_ = position;
    FIRTH_TRY(const std::size_t read, file_->read_at(position, buffer_));
    if (read != buffer_.size()) {
      buffer_.clear();
      return Error{Errc::kCorrupt, "the file ends at " + std::to_string(position + read) + ", before " + std::to_string(end_)};
    }
  }
  return ByteView(buffer_).subspan(position - buffer_position_);
}

Result<BatchVerdict> BatchScan::judge(std::uint64_t position) {
  const std::uint64_t left = end_ - position;
  FIRTH_TRY(ByteView bytes, window(position, kBatchHeaderBytes));
  BatchVerdict verdict = judge_batch(bytes, left, context_);
  if (verdict != BatchVerdict::kNeedMore) return verdict;
  FIRTH_TRY(bytes, window(position, BatchView(bytes).size() + kBatchHeaderBytes));
  verdict = judge_batch(bytes, left, context_);
  FIRTH_ASSERT(verdict != BatchVerdict::kNeedMore);
  return verdict;
}

BatchScan::Step BatchScan::take(std::uint64_t position) {
  const BatchView batch(ByteView(buffer_).subspan(position - buffer_position_));
  context_.next_offset = batch.next_offset();
  context_.epoch = batch.leader_epoch();
  position_ = position + batch.size();
  return {Kind::kBatch, {position, position_}, batch.bytes().first(batch.size())};
}

Result<BatchScan::Step> BatchScan::next() {
  if (position_ == end_) return Step{Kind::kEnd, {end_, end_}, {}};
  FIRTH_TRY(const BatchVerdict verdict, judge(position_));
  if (verdict == BatchVerdict::kGood) return take(position_);
  FIRTH_MARK("log.segment.damage");
  const std::uint64_t damaged = position_;
  FIRTH_TRY(position_, resume_after_damage(damaged));
  return Step{Kind::kDamage, {damaged, position_}, {}};
}

// The length field is tried first: mostly it is some other byte that is damaged. Otherwise every position is: a batch there is believed
// only if others follow it, for records may contain the bytes of whole batches.
Result<std::uint64_t> BatchScan::resume_after_damage(std::uint64_t damaged) {
  FIRTH_TRY(ByteView bytes, window(damaged, kBatchHeaderBytes));
  if (bytes.size() >= kBatchHeaderBytes && is_plausible(BatchView(bytes), end_ - damaged)) {
    const std::uint64_t behind = damaged + BatchView(bytes).size();
    if (behind == end_) return end_;
    FIRTH_TRY(const BatchVerdict verdict, judge(behind));
    if (verdict == BatchVerdict::kGood) return behind;
  }
  for (std::uint64_t position = damaged + 1; position + kBatchHeaderBytes <= end_; ++position) {
    FIRTH_TRY(bytes, window(position, kBatchHeaderBytes));
    const BatchView batch(bytes);
    if (!is_plausible(batch, end_ - position) || !fits(context_, batch)) continue;
    if (batch.base_offset() - context_.next_offset > std::numeric_limits<std::int32_t>::max()) continue;
    FIRTH_TRY(const BatchVerdict verdict, judge(position));
    if (verdict != BatchVerdict::kGood) continue;
    FIRTH_TRY(const bool followed, is_followed(position));
    if (followed) return position;
  }
  return end_;
}

// By batches up to the end, or by a few: no record's value is followed by a batch header exactly.
Result<bool> BatchScan::is_followed(std::uint64_t position) {
  BatchContext context = context_;
  for (int hop = 0; hop <= kFollowers && position != end_; ++hop) {
    FIRTH_TRY(const ByteView bytes, window(position, kBatchHeaderBytes));
    if (bytes.size() < kBatchHeaderBytes) return false;
    const BatchView batch(bytes);
    if (!is_plausible(batch, end_ - position) || !fits(context, batch)) return false;
    context.next_offset = batch.next_offset();
    context.epoch = batch.leader_epoch();
    position += batch.size();
  }
  return true;
}

}  // namespace firth::log
