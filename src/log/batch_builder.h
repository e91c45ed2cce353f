// Many records into one batch, not compressed, at the end of a buffer: what NATS publishes of one turn become, what a rewritten batch is
// made with, and the control batches that mark ends of transactions and holes.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "log/batch_header.h"
#include "log/record.h"

namespace firth::log {

// The fields of a batch's header that its records do not determine.
struct BatchIdentity {
  Offset base_offset{0};
  LeaderEpoch leader_epoch{-1};
  std::int64_t base_timestamp_ms = 0;
  std::int16_t attributes = 0;
  ProducerId producer_id = kNoProducer;
  std::int16_t producer_epoch = kNoEpoch;
  std::int32_t base_sequence = -1;
};

// Of a batch whose records were published over NATS, all at `time` since 1970; nats_time gives it back.
BatchIdentity nats_identity(Offset base_offset, LeaderEpoch epoch, std::chrono::nanoseconds time);
std::chrono::nanoseconds nats_time(const BatchView& batch);
// Of a batch that is written anew from `batch`.
BatchIdentity identity_of(const BatchView& batch);

class BatchBuilder {
 public:
  // Appends to `out`, which must live as long and must not be changed by others before finish().
  BatchBuilder(std::vector<std::byte>& out, const BatchIdentity& identity);

  // At the next offset.
  void append(const NewRecord& record) { append_at(next_delta_, record); }
  // REQUIRES: offsets grow. What lies between them is a hole.
  void append_at(std::int32_t offset_delta, const NewRecord& record);
  // A record of a batch with the same base offset and base timestamp, as it is.
  void append_copy(const RecordView& record);

  std::int32_t record_count() const { return count_; }
  std::size_t size() const { return out_.size() - begin_; }

  // Length, counts, max timestamp and CRC. The view is of the whole batch and valid until `out` changes. A last offset delta above that of
  // the last record keeps the offsets of erased ones. Without records the batch is empty, as compaction leaves them.
  ByteView finish() { return finish(next_delta_ - 1); }
  ByteView finish(std::int32_t last_offset_delta);

 private:
  std::vector<std::byte>& out_;
  std::size_t begin_;
  BatchIdentity identity_;
  std::int64_t max_timestamp_ms_ = -1;
  std::int32_t count_ = 0;
  std::int32_t next_delta_ = 0;
};

// Control batches (KIP-98): one record, whose key says what it marks.
enum class ControlType : std::int16_t { kAbort = 0, kCommit = 1 };
struct ControlMarker {
  ControlType type;
  std::int32_t coordinator_epoch;
};
// `identity` names the producer; control and transactional are added to its attributes. One offset.
ByteView build_control_batch(std::vector<std::byte>& out, const BatchIdentity& identity, const ControlMarker& marker);
// False: the record is no end of a transaction.
bool read_control_record(const RecordView& record, ControlMarker& marker);

// What a reader inside a hole gets when nothing live follows: a commit marker of nobody at the hole's last offset, which clients skip.
ByteView build_hole_marker(std::vector<std::byte>& out, Offset last_of_hole, LeaderEpoch epoch, std::int64_t timestamp_ms);

}  // namespace firth::log
