// What a batch must satisfy before it is appended: Kafka's rules for batches of clients, and our reserved form. One row a rule; the face
// chooses the protocol's error from the fault.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "log/batch_header.h"

namespace firth::log {

enum class BatchFault : std::uint8_t {
  kNone,
  kTruncated,      // shorter than a header, or than its own length says
  kTrailing,       // more than one batch where one is allowed
  kMagic,          // not format v2
  kCrc,            // damaged on the way
  kCodec,          // a compression that Kafka does not have
  kCount,          // no records, or another number than the last offset delta says
  kControl,        // a control batch, which only the server writes
  kSequence,       // a producer id, but no sequence or no epoch
  kNoProducer,     // transactional without a producer id
  kReservedEpoch,  // the form of batches that were born on the NATS side
  kDeleteHorizon,  // a mark that only the cleaner sets
  kDecompression,  // cannot be decompressed, or not within the bound
  kRecords,        // the records cannot be read
  kOffsetDelta,    // a record's offset delta is not its index
  kKeyMissing,     // no key where a compacted topic needs one
  kTimestamp,      // outside of what the topic allows
  kTimestampType,  // LogAppendTime, which only the server sets
};
std::string_view to_string(BatchFault fault);

// The header of the one batch that `bytes` are, as a client may send it. The first rule that is broken, in Kafka's order.
BatchFault check_produced_batch(ByteView bytes);

enum class KeyRule : std::uint8_t { kOptional, kRequired };
struct RecordRules {
  KeyRule key = KeyRule::kOptional;
  // Of the timestamps that clients set; -1 (none) is always allowed. Not asked on LogAppendTime topics: leave them as they are.
  std::int64_t earliest_ms = std::numeric_limits<std::int64_t>::min();
  std::int64_t latest_ms = std::numeric_limits<std::int64_t>::max();
};
struct RecordsCheck {
  BatchFault fault = BatchFault::kNone;
  std::int32_t record_index = -1;      // of the bad record
  std::int64_t max_timestamp_ms = -1;  // of all records: what the header should say
};
// The records of a batch that check_produced_batch found good: batch.records(), or what they decompress to. Reads every byte but keys' and
// values'.
RecordsCheck check_records(const BatchView& batch, ByteView records, const RecordRules& rules);

}  // namespace firth::log
