// The records inside a batch, read in place: nothing is copied or allocated, the views point into the bytes that were given.
//
//   length varint | attributes i8 | timestamp delta varlong | offset delta varint | key length, key | value length, value | headers
//   headers: count varint, then each: name length, name | value length, value           all varints zig-zag; length -1 is null
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "log/batch_header.h"

namespace firth::log {

struct RecordHeader {
  std::string_view name;
  std::optional<ByteView> value;
};

struct RecordView {
  Offset offset;
  std::int64_t timestamp_ms = -1;
  std::optional<ByteView> key;
  std::optional<ByteView> value;
  std::int32_t header_count = 0;
  ByteView header_bytes;  // HeaderReader reads them
  ByteView raw;           // the whole record, length included, as it lies in the batch
};

enum class ReadStep : std::uint8_t {
  kRead,     // the next one was read
  kEnd,      // all were, and exactly
  kDamaged,  // the bytes contradict themselves, or the batch's count
};

// Reads the records of a batch in order. Whether offsets and timestamps make sense is check_records' question.
class RecordReader {
 public:
  // `records` is batch.records(), or what they decompress to.
  RecordReader(const BatchView& batch, ByteView records);

  ReadStep next(RecordView& record);
  std::int32_t records_read() const { return read_; }

 private:
  ByteView rest_;
  Offset base_offset_;
  std::int64_t base_timestamp_ms_;
  std::optional<std::int64_t> append_time_ms_;  // that of all records, if the batch has LogAppendTime
  std::int32_t count_;
  std::int32_t read_ = 0;
};

class HeaderReader {
 public:
  explicit HeaderReader(const RecordView& record) : rest_(record.header_bytes), left_(record.header_count) {}

  ReadStep next(RecordHeader& header);

 private:
  ByteView rest_;
  std::int32_t left_;
};

// A record to be written. Its bytes are copied.
struct NewRecord {
  std::int64_t timestamp_ms = -1;
  std::optional<ByteView> key;
  std::optional<ByteView> value;
  std::span<const RecordHeader> headers;
};
struct RecordDeltas {
  std::int64_t timestamp_ms;
  std::int32_t offset;
};
std::size_t record_size(const NewRecord& record, const RecordDeltas& deltas);
// REQUIRES: record_size bytes at `to`. Returns the position after.
std::byte* put_record(std::byte* to, const NewRecord& record, const RecordDeltas& deltas);

}  // namespace firth::log
