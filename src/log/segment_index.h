// What is known of a segment's batches without reading them: the two sparse indexes, the end, the greatest timestamp, and the running
// checksum over all batch headers that its seal will hold. Fed with each batch in order, when it is appended or when the file is scanned.
// It follows Kafka's rules for index entries, so that its tools agree with the files. In memory only; segment_sidecars.h keeps it on disk.
#pragma once

#include <cstdint>

#include "log/batch_header.h"
#include "log/offset_index.h"
#include "log/segment_name.h"
#include "log/time_index.h"

namespace firth::log {

// One checksum over the headers of all batches; as each holds the CRC of its records, it stands for every byte.
struct HeaderSum {
  std::uint64_t batch_count = 0;
  std::uint32_t checksum = 0;
  bool operator==(const HeaderSum&) const = default;
};

class SegmentIndex {
 public:
  struct Settings {
    Offset base;
    std::uint32_t interval_bytes;
  };
  explicit SegmentIndex(Settings settings) : settings_(settings), next_offset_(settings.base) {}
  // With the entries of an earlier life; the batches behind the last one are to be added.
  SegmentIndex(Settings settings, OffsetIndex offsets, TimeIndex times);

  // REQUIRES: the next batch of the segment, and its position.
  void add(const BatchView& batch, std::uint64_t position);
  // The last time entry, as Kafka writes it when a segment is closed.
  void close() { times_.add({greatest_.timestamp_ms, greatest_.relative_offset}); }

  // Where to start looking for the batch that holds the offset: a batch begins there, whose last offset is `last_offset` (kNoOffset: the
  // first of the segment).
  struct Start {
    std::uint64_t position = 0;
    Offset last_offset = kNoOffset;
  };
  Start find(Offset offset) const;
  // The same for the first batch that has a timestamp of at least this.
  Start find_time(std::int64_t timestamp_ms) const;

  Offset next_offset() const { return next_offset_; }
  LeaderEpoch last_epoch() const { return last_epoch_; }
  std::int64_t max_timestamp_ms() const { return greatest_.timestamp_ms; }
  const OffsetIndex& offsets() const { return offsets_; }
  const TimeIndex& times() const { return times_; }
  // Of the batches that were added; of all of the segment only if none came from an earlier life.
  const HeaderSum& header_sum() const { return header_sum_; }
  bool saw_all_batches() const { return saw_all_batches_; }

 private:
  Settings settings_;
  OffsetIndex offsets_;
  TimeIndex times_;
  TimeIndex::Entry greatest_{kNoTimestamp, 0};
  std::uint64_t bytes_since_entry_ = 0;
  Offset next_offset_;
  LeaderEpoch last_epoch_{-1};
  HeaderSum header_sum_;
  bool saw_all_batches_ = true;
};

}  // namespace firth::log
