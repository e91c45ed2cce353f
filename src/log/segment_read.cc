// The part of Segment that reads batches: from the index to a block of the file, through the block batch by batch, past damage.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/mark.h"
#include "log/segment.h"

namespace firth::log {
namespace {

enum class Stop : std::uint8_t { kEnough, kNeedMore, kDamaged };

struct Walk {
  Stop stop = Stop::kEnough;
  std::size_t begin = 0;   // of what was taken
  std::size_t end = 0;     // of what was taken or passed
  std::size_t needed = 0;  // kNeedMore: bytes from `end`
  BatchContext context;    // at `end`
};

// Takes whole batches from `from` on that end at or below the bound, at least one, up to max_bytes.
Walk walk_batches(ByteView block, std::uint64_t left, BatchContext context, const SegmentReadRequest& request) {
  Walk walk{.context = context};
  while (walk.end < left) {
    const ByteView bytes = block.subspan(walk.end);
    const BatchVerdict verdict = judge_batch(bytes, left - walk.end, walk.context);
    if (verdict == BatchVerdict::kNeedMore) {
      walk.needed = kBatchHeaderBytes + (bytes.size() < kBatchHeaderBytes ? kBatchHeaderBytes : BatchView(bytes).size());
      walk.stop = Stop::kNeedMore;
      break;
    }
    if (verdict == BatchVerdict::kDamaged) {
      walk.stop = Stop::kDamaged;
      break;
    }
    const BatchView batch(bytes);
    const bool is_before = batch.last_offset() < request.from;
    if (!is_before && batch.next_offset() > request.bound) break;
    if (walk.end > walk.begin && walk.end - walk.begin + batch.size() > request.max_bytes) break;
    walk.end += batch.size();
    if (is_before) walk.begin = walk.end;
    walk.context.next_offset = batch.next_offset();
    walk.context.epoch = batch.leader_epoch();
  }
  return walk;
}

}  // namespace

Segment::Place Segment::start_of(const SegmentIndex::Start& start) const {
  return {.position = start.position, .context = {.next_offset = base(), .end_offset = next_offset_}, .last_offset = start.last_offset};
}

// An index entry is believed if it points to a batch that ends with its offset; that batch then needs no other witness.
Result<bool> Segment::check_start(Place& place) {
  if (place.last_offset == kNoOffset) return true;
  std::array<std::byte, kBatchHeaderBytes> header;
  FIRTH_TRY(const std::size_t read, log_->read_at(place.position, header));
  if (read != header.size() || look_at_batch(header) == BatchFront::kBad) return false;
  const BatchView batch(header);
  if (batch.last_offset() != place.last_offset || batch.base_offset() < base()) return false;
  place.context.next_offset = batch.base_offset();
  return true;
}

Result<SegmentRead> Segment::read(const SegmentReadRequest& request) {
  if (failed_ && request.from >= durable_.next_offset && request.from < next_offset_)
    return Error{Errc::kStorage, path() + ": a sync of it failed, offset " + std::to_string(request.from.value()) + " is not durable"};
  if (request.from >= next_offset_ || request.from >= request.bound) return SegmentRead{{}, request.from};
  was_read_ = true;
  FIRTH_CHECK(load());
  if (read_on_ && read_on_->context.next_offset == request.from) {
    read_on_->context.end_offset = next_offset_;  // batches may have come since
    return read_from(*read_on_, request, 0);
  }
  Place place = start_of(index_->find(request.from));
  FIRTH_TRY(const bool index_is_right, check_start(place));
  if (!index_is_right) {
    FIRTH_CHECK(rebuild_index());
    return read_from(start_of(index_->find(request.from)), request, settings_.index_interval_bytes);
  }
  return read_from(place, request, settings_.index_interval_bytes);
}

Result<SegmentRead> Segment::read_from(Place place, const SegmentReadRequest& request, std::size_t slack) {
  std::size_t wanted = request.max_bytes + slack + kBatchHeaderBytes;  // the header after the last batch is looked at, too
  for (;;) {
    const std::uint64_t left = readable_bytes() - place.position;
    if (left == 0 && missing_bytes_ != 0) return damaged(place.position, place.context.next_offset, next_offset_);
    if (left == 0) return SegmentRead{{}, request.from};
    SharedBytes block = SharedBytes::allocate(std::min<std::uint64_t>(left, wanted));
    FIRTH_TRY(const std::size_t read, log_->read_at(place.position, block.writable()));
    if (read != block.size()) return damaged(place.position + read, place.context.next_offset, next_offset_);

    const Walk walk = walk_batches(block.view(), left, place.context, request);
    place = {.position = place.position + walk.end, .context = walk.context};
    if (walk.end > walk.begin) {
      read_on_ = place;
      return SegmentRead{block.slice(walk.begin, walk.end - walk.begin), walk.context.next_offset};
    }
    if (walk.stop == Stop::kEnough) return SegmentRead{{}, request.from};
    if (walk.stop == Stop::kNeedMore) {
      wanted = std::max(walk.needed, wanted);
      continue;
    }
    FIRTH_TRY(place, pass_damage(place, request.from));
  }
}

// The good batch behind the damage, unless that takes away what `from` asks for.
Result<Segment::Place> Segment::pass_damage(const Place& place, Offset from) {
  BatchScan scan(*log_, {place.position, readable_bytes()}, place.context);
  FIRTH_TRY(BatchScan::Step step, scan.next());
  FIRTH_ASSERT(step.kind == BatchScan::Kind::kDamage);
  FIRTH_TRY(step, scan.next());
  FIRTH_ASSERT(step.kind != BatchScan::Kind::kDamage);
  if (step.kind == BatchScan::Kind::kEnd) return damaged(place.position, place.context.next_offset, next_offset_);
  const Offset good = BatchView(step.batch).base_offset();
  if (from < good) return damaged(place.position, place.context.next_offset, good);
  return Place{.position = step.range.begin, .context = place.context};
}

Error Segment::damaged(std::uint64_t position, Offset first, Offset end) const {
  return {Errc::kCorrupt, path() + ": damaged at position " + std::to_string(position) + ": offsets from " + std::to_string(first.value()) +
                              " to before " + std::to_string(end.value()) + " cannot be read"};
}

Result<SegmentRead> Segment::read_since(std::int64_t timestamp_ms, const SegmentReadRequest& request) {
  if (request.from >= next_offset_ || timestamp_ms > max_timestamp_ms_) return SegmentRead{{}, request.from};
  FIRTH_CHECK(load());
  const SegmentIndex::Start by_offset = index_->find(request.from);
  const SegmentIndex::Start by_time = index_->find_time(timestamp_ms);
  Place place = start_of(by_time.position > by_offset.position ? by_time : by_offset);
  FIRTH_TRY(const bool index_is_right, check_start(place));
  if (!index_is_right) place = start_of({});
  BatchScan scan(*log_, {place.position, readable_bytes()}, place.context);
  for (;;) {
    FIRTH_TRY(const BatchScan::Step step, scan.next());
    if (step.kind == BatchScan::Kind::kEnd) break;
    if (step.kind == BatchScan::Kind::kDamage) continue;
    const BatchView batch(step.batch);
    if (batch.next_offset() > request.bound) break;
    if (batch.last_offset() >= request.from && batch.max_timestamp_ms() >= timestamp_ms)
      return SegmentRead{SharedBytes::copy(step.batch), batch.next_offset()};
  }
  return SegmentRead{{}, request.from};
}

}  // namespace firth::log
