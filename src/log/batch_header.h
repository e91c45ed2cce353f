// The fixed 61 bytes before the records of a Kafka record batch, format v2: the unit in which everything is stored, moved and served.
//
//    0 base offset i64        8 batch length i32 (of what follows this field)   12 partition leader epoch i32   16 magic i8 (2)
//   17 crc u32 (of all from 21 on)                                              21 attributes i16               23 last offset delta i32
//   27 base timestamp i64    35 max timestamp i64    43 producer id i64    51 producer epoch i16    53 base sequence i32
//   57 record count i32      61 records
//
// Base offset, length, epoch and magic lie outside the CRC: the broker stamps offset and epoch without computing it anew, and damage to
// them is found by comparing neighbours. A batch that was born on the NATS side has no producer and the reserved epoch kNatsEpoch; its
// base sequence then holds the nanoseconds within the millisecond of its time (docs/one-log.md, "Headers, values, time").
#pragma once

#include <cstdint>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/ids.h"

namespace firth::log {

inline constexpr std::size_t kBatchHeaderBytes = 61;
inline constexpr std::size_t kBatchLengthEnd = 12;  // base offset and length: enough to find the end of the batch
inline constexpr std::size_t kBatchCrcBegin = 21;   // first byte that the CRC covers
inline constexpr std::int8_t kBatchMagic = 2;
inline constexpr std::int16_t kNoEpoch = -1;
inline constexpr std::int16_t kNatsEpoch = -2;

enum class Codec : std::uint8_t { kNone = 0, kGzip = 1, kSnappy = 2, kLz4 = 3, kZstd = 4 };

namespace batch_attribute {
inline constexpr std::int16_t kCodecMask = 0x07;
inline constexpr std::int16_t kLogAppendTime = 0x08;
inline constexpr std::int16_t kTransactional = 0x10;
inline constexpr std::int16_t kControl = 0x20;
inline constexpr std::int16_t kDeleteHorizon = 0x40;
}  // namespace batch_attribute

// A view of one batch; cheap to copy. REQUIRES: at least kBatchHeaderBytes bytes; whether they make sense is validate_batch's question.
class BatchView {
 public:
  explicit BatchView(ByteView bytes) : bytes_(bytes) { FIRTH_ASSERT(bytes.size() >= kBatchHeaderBytes); }

  Offset base_offset() const { return Offset(load_be<std::int64_t>(at(0))); }
  std::int32_t length() const { return load_be<std::int32_t>(at(8)); }
  LeaderEpoch leader_epoch() const { return LeaderEpoch(load_be<std::int32_t>(at(12))); }
  std::int8_t magic() const { return load_be<std::int8_t>(at(16)); }
  std::uint32_t crc() const { return load_be<std::uint32_t>(at(17)); }
  std::int16_t attributes() const { return load_be<std::int16_t>(at(21)); }
  std::int32_t last_offset_delta() const { return load_be<std::int32_t>(at(23)); }
  std::int64_t base_timestamp_ms() const { return load_be<std::int64_t>(at(27)); }
  std::int64_t max_timestamp_ms() const { return load_be<std::int64_t>(at(35)); }
  ProducerId producer_id() const { return ProducerId(load_be<std::int64_t>(at(43))); }
  std::int16_t producer_epoch() const { return load_be<std::int16_t>(at(51)); }
  std::int32_t base_sequence() const { return load_be<std::int32_t>(at(53)); }
  std::int32_t record_count() const { return load_be<std::int32_t>(at(57)); }

  Codec codec() const { return static_cast<Codec>(attributes() & batch_attribute::kCodecMask); }
  bool is_control() const { return (attributes() & batch_attribute::kControl) != 0; }
  bool is_transactional() const { return (attributes() & batch_attribute::kTransactional) != 0; }
  bool is_log_append_time() const { return (attributes() & batch_attribute::kLogAppendTime) != 0; }
  bool is_nats_born() const { return producer_id() == kNoProducer && producer_epoch() == kNatsEpoch; }

  Offset last_offset() const { return base_offset() + last_offset_delta(); }
  Offset next_offset() const { return last_offset() + 1; }
  std::size_t size() const { return kBatchLengthEnd + static_cast<std::size_t>(length()); }  // of the whole batch
  ByteView bytes() const { return bytes_; }
  ByteView records() const { return bytes_.subspan(kBatchHeaderBytes, size() - kBatchHeaderBytes); }
  bool crc_matches() const { return crc32c(bytes_.subspan(kBatchCrcBegin, size() - kBatchCrcBegin)) == crc(); }

 private:
  const std::byte* at(std::size_t position) const { return bytes_.data() + position; }
  ByteView bytes_;
};

// The stamps that lie outside the CRC.
inline void stamp_batch(MutableBytes batch, Offset base_offset, LeaderEpoch epoch) {
  store_be(batch.data(), base_offset.value());
  store_be(batch.data() + 12, epoch.value());
}

// LogAppendTime: type bit and max timestamp, and the CRC anew. REQUIRES: a whole batch.
inline void stamp_log_append_time(MutableBytes batch, std::int64_t timestamp_ms) {
  store_be(batch.data() + 21, static_cast<std::int16_t>(BatchView(batch).attributes() | batch_attribute::kLogAppendTime));
  store_be(batch.data() + 35, timestamp_ms);
  store_be(batch.data() + 17, crc32c(ByteView(batch).subspan(kBatchCrcBegin)));
}

// What the front of `bytes` holds, judged by the fields that no CRC covers.
enum class BatchFront : std::uint8_t {
  kWhole,      // a batch that ends within the bytes
  kTruncated,  // may be one, but it does not end here
  kBad,        // cannot be one: impossible length or magic
};
inline BatchFront look_at_batch(ByteView bytes) {
  if (bytes.size() < kBatchHeaderBytes) return BatchFront::kTruncated;
  const BatchView batch(bytes);
  if (batch.magic() != kBatchMagic || batch.length() < static_cast<std::int32_t>(kBatchHeaderBytes - kBatchLengthEnd))
    return BatchFront::kBad;
  return batch.size() <= bytes.size() ? BatchFront::kWhole : BatchFront::kTruncated;
}

}  // namespace firth::log
