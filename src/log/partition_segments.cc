// A partition's bytes: written behind from the tail into segments, and read from both.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "base/mark.h"
#include "log/partition.h"

namespace firth::log {

std::size_t Partition::segment_index_of(Offset offset) const {
  const auto after = std::upper_bound(segments_.begin(), segments_.end(), offset,
                                      [](Offset wanted, const auto& segment) { return wanted < segment->base(); });
  return after == segments_.begin() ? 0 : static_cast<std::size_t>(after - segments_.begin()) - 1;
}

// The segment that takes the next batch: the last one while it has room and is young enough, else a new one.
Result<Segment*> Partition::segment_for(const Tail::Batch& batch) {
  Segment* last = segments_.empty() ? nullptr : segments_.back().get();
  if (last != nullptr && last->takes_batches()) {
    FIRTH_TRY(const bool is_over_age, last->is_over_age(BatchView(batch.bytes.view()).max_timestamp_ms()));
    if (!is_over_age && last->has_room_for(batch.bytes.size(), batch.next - 1)) return last;
    close_last();
  }
  if (segments_.empty()) {
    FIRTH_CHECK(environment_.files.make_directory(environment_.directory));
    FIRTH_CHECK(environment_.files.make_directory(directory()));
  }
  FIRTH_TRY(auto made, Segment::create(environment_.files, directory(), {.base = batch.base, .generation = 0}, settings_.segments));
  segments_.push_back(std::move(made));
  return segments_.back().get();
}

Result<void> Partition::write_behind(std::size_t at_least) {
  while (tail_.unwritten_bytes() >= std::max<std::size_t>(at_least, 1)) {
    auto segment = segment_for(tail_.unwritten(0));
    std::vector<ByteView> parts;
    std::uint64_t bytes = 0;
    Result<void> written;
    if (segment.ok()) {
      for (std::size_t i = 0; i < tail_.unwritten_count(); ++i) {
        const Tail::Batch& batch = tail_.unwritten(i);
        bytes += batch.bytes.size();
        if (i > 0 && !(*segment)->has_room_for(bytes, batch.next - 1)) break;
        parts.push_back(batch.bytes.view());
      }
      written = (*segment)->append(parts);
    } else {
      written = segment.error();
    }
    if (!written.ok()) {
      if (!std::exchange(segment_write_failed_, true))
        log_error("{}: written batches stay in memory: {}", directory(), written.error().text);
      return written;
    }
    segment_write_failed_ = false;
    tail_.mark_written(parts.size());
  }
  return {};
}

// Over the budget nothing is kept for readers: what waits goes into a segment in this turn, a copy into the page cache.
void Partition::trim_tail() {
  tail_.trim(settings_.tail_keep_bytes);
  if (!tail_memory_.follow(tail_.bytes())) return;
  FIRTH_MARK("log.tail.over_budget");
  (void)write_behind(1).ok();  // a failure was logged, and keeps what is there
  tail_.trim(0);
  (void)tail_memory_.follow(tail_.bytes());
}

Result<LogRead> Partition::read_raw(const ReadRequest& request) {
  LogRead result{.batches = {}, .next_offset = request.from};
  std::size_t bytes = 0;
  while (result.next_offset < std::min(request.bound, state_.next) && (bytes == 0 || bytes < request.max_bytes)) {
    if (result.next_offset >= tail_.begin()) {
      const std::size_t before = result.batches.size();
      tail_.read({.from = result.next_offset, .bound = request.bound, .max_bytes = request.max_bytes - std::min(bytes, request.max_bytes)},
                 result.batches);
      if (result.batches.size() > before) result.next_offset = BatchView(result.batches.back().view()).next_offset();
      break;
    }
    const std::size_t index = segment_index_of(result.next_offset);
    SegmentRead read;
    if (index < segments_.size()) {
      FIRTH_TRY(read, segments_[index]->read({.from = result.next_offset, .bound = request.bound, .max_bytes = request.max_bytes - bytes}));
    }
    if (!read.batches.empty()) {
      bytes += read.batches.size();
      result.next_offset = read.next_offset;
      result.batches.push_back(std::move(read.batches));
      continue;
    }
    // Nothing more in this segment: what follows lies in the next one, or in the tail.
    const Offset next = index + 1 < segments_.size() ? segments_[index + 1]->base() : tail_.begin();
    if (next <= result.next_offset || next >= request.bound) break;
    result.next_offset = next;
  }
  return result;
}

Result<std::optional<SegmentRead>> Partition::find_time(std::int64_t timestamp_ms, Offset bound) {
  for (const auto& segment : segments_) {
    if (segment->next_offset() <= state_.log_start || segment->max_timestamp_ms() < timestamp_ms) continue;
    FIRTH_TRY(auto read, segment->read_since(timestamp_ms, {.from = std::max(segment->base(), state_.log_start), .bound = bound}));
    if (!read.batches.empty()) return std::optional(std::move(read));
  }
  std::vector<SharedBytes> batches;
  tail_.read({.from = std::max(tail_.written_end(), tail_.begin()), .bound = bound, .max_bytes = ~std::size_t{0}}, batches);
  for (SharedBytes& bytes : batches) {
    const BatchView batch(bytes.view());
    if (batch.max_timestamp_ms() >= timestamp_ms) {
      const Offset next = batch.next_offset();
      return std::optional(SegmentRead{.batches = std::move(bytes), .next_offset = next});
    }
  }
  return std::optional<SegmentRead>();
}

std::uint64_t Partition::size_bytes() const {
  std::uint64_t bytes = tail_.unwritten_bytes();
  for (const auto& segment : segments_) bytes += segment->size();
  return bytes;
}

}  // namespace firth::log
