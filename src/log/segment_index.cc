#include "log/segment_index.h"

#include <utility>

namespace firth::log {

SegmentIndex::SegmentIndex(Settings settings, OffsetIndex offsets, TimeIndex times)
    : settings_(settings), offsets_(std::move(offsets)), times_(std::move(times)), next_offset_(settings.base) {
  if (!times_.entries().empty()) greatest_ = times_.entries().back();
  // The batch of the last entry will be added again: it makes no entry, as then no bytes lie between it and the entry.
  saw_all_batches_ = offsets_.entries().empty();
}

void SegmentIndex::add(const BatchView& batch, std::uint64_t position) {
  FIRTH_ASSERT(batch.base_offset() >= next_offset_);
  const auto relative_last = static_cast<std::int32_t>(batch.last_offset() - settings_.base);
  if (batch.max_timestamp_ms() > greatest_.timestamp_ms) greatest_ = {batch.max_timestamp_ms(), relative_last};
  // Kafka's rule: an entry for the batch that comes after more than the interval, and its time entry with it.
  if (bytes_since_entry_ > settings_.interval_bytes) {
    offsets_.add({relative_last, static_cast<std::int32_t>(position)});
    times_.add(greatest_);
    bytes_since_entry_ = 0;
  }
  bytes_since_entry_ += batch.size();
  next_offset_ = batch.next_offset();
  last_epoch_ = batch.leader_epoch();
  ++header_sum_.batch_count;
  header_sum_.checksum = crc32c(batch.bytes().first(kBatchHeaderBytes), header_sum_.checksum);
}

SegmentIndex::Start SegmentIndex::find(Offset offset) const {
  const OffsetIndex::Entry entry = offsets_.find(offset - settings_.base);
  if (entry.relative_offset < 0) return {};
  return {static_cast<std::uint64_t>(entry.position), settings_.base + entry.relative_offset};
}

SegmentIndex::Start SegmentIndex::find_time(std::int64_t timestamp_ms) const {
  const std::int32_t older = times_.last_older(timestamp_ms);
  return older < 0 ? Start{} : find(settings_.base + older);
}

}  // namespace firth::log
