#include "log/batch_rules.h"

#include <algorithm>

#include "log/record.h"

namespace firth::log {
namespace {

struct HeaderRule {
  BatchFault fault;
  bool (*broken)(const BatchView& batch);
};

// The order is Kafka's: a batch that breaks two rules gets the same one of two errors.
constexpr HeaderRule kHeaderRules[] = {
    {BatchFault::kCrc, [](const BatchView& batch) { return !batch.crc_matches(); }},
    {BatchFault::kCount,
     [](const BatchView& batch) { return batch.record_count() <= 0 || batch.last_offset_delta() != batch.record_count() - 1; }},
    {BatchFault::kControl, [](const BatchView& batch) { return batch.is_control(); }},
    {BatchFault::kSequence,
     [](const BatchView& batch) { return batch.producer_id() > kNoProducer && (batch.base_sequence() < 0 || batch.producer_epoch() < 0); }},
    {BatchFault::kReservedEpoch, [](const BatchView& batch) { return batch.is_nats_born(); }},
    {BatchFault::kNoProducer, [](const BatchView& batch) { return batch.is_transactional() && batch.producer_id() <= kNoProducer; }},
    {BatchFault::kCodec, [](const BatchView& batch) { return batch.codec() > Codec::kZstd; }},
    {BatchFault::kDeleteHorizon, [](const BatchView& batch) { return (batch.attributes() & batch_attribute::kDeleteHorizon) != 0; }},
    {BatchFault::kTimestampType, [](const BatchView& batch) { return batch.is_log_append_time(); }},
};

bool headers_are_whole(const RecordView& record) {
  HeaderReader reader(record);
  RecordHeader header;
  for (;;) {
    const ReadStep step = reader.next(header);
    if (step != ReadStep::kRead) return step == ReadStep::kEnd;
  }
}

BatchFault check_record(const BatchView& batch, const RecordView& record, std::int32_t index, const RecordRules& rules) {
  if (!headers_are_whole(record)) return BatchFault::kRecords;
  if (record.offset - batch.base_offset() != index) return BatchFault::kOffsetDelta;
  if (rules.key == KeyRule::kRequired && !record.key) return BatchFault::kKeyMissing;
  if (record.timestamp_ms != -1 && (record.timestamp_ms < rules.earliest_ms || record.timestamp_ms > rules.latest_ms))
    return BatchFault::kTimestamp;
  return BatchFault::kNone;
}

}  // namespace

std::string_view to_string(BatchFault fault) {
  switch (fault) {
    case BatchFault::kNone:
      return "no fault";
    case BatchFault::kTruncated:
      return "the batch ends before its length";
    case BatchFault::kTrailing:
      return "more than one batch";
    case BatchFault::kMagic:
      return "not a batch of format 2";
    case BatchFault::kCrc:
      return "the CRC does not match";
    case BatchFault::kCodec:
      return "unknown compression";
    case BatchFault::kCount:
      return "the number of records does not fit the offsets";
    case BatchFault::kControl:
      return "clients cannot write control batches";
    case BatchFault::kSequence:
      return "a producer id without epoch or sequence";
    case BatchFault::kNoProducer:
      return "transactional without a producer id";
    case BatchFault::kReservedEpoch:
      return "producer epoch -2 is reserved";
    case BatchFault::kDeleteHorizon:
      return "clients cannot set the delete horizon";
    case BatchFault::kDecompression:
      return "the records cannot be decompressed";
    case BatchFault::kRecords:
      return "the records cannot be read";
    case BatchFault::kOffsetDelta:
      return "the offset of a record is not its place in the batch";
    case BatchFault::kKeyMissing:
      return "a record without a key in a compacted topic";
    case BatchFault::kTimestamp:
      return "the timestamp of a record is outside of the limits";
    case BatchFault::kTimestampType:
      return "clients cannot set the timestamp type LogAppendTime";
  }
  return "unknown";
}

BatchFault check_produced_batch(ByteView bytes) {
  if (bytes.size() < kBatchHeaderBytes) return BatchFault::kTruncated;
  const BatchView batch(bytes);
  if (batch.magic() != kBatchMagic) return BatchFault::kMagic;
  switch (look_at_batch(bytes)) {
    case BatchFront::kWhole:
      break;
    case BatchFront::kTruncated:
    case BatchFront::kBad:
      return BatchFault::kTruncated;
  }
  if (batch.size() != bytes.size()) return BatchFault::kTrailing;
  for (const HeaderRule& rule : kHeaderRules)
    if (rule.broken(batch)) return rule.fault;
  return BatchFault::kNone;
}

RecordsCheck check_records(const BatchView& batch, ByteView records, const RecordRules& rules) {
  RecordsCheck check;
  RecordReader reader(batch, records);
  RecordView record;
  for (std::int32_t index = 0;; ++index) {
    const ReadStep step = reader.next(record);
    if (step == ReadStep::kEnd) return check;
    check.fault = step == ReadStep::kRead ? check_record(batch, record, index, rules) : BatchFault::kRecords;
    if (check.fault != BatchFault::kNone) {
      check.record_index = index;
      return check;
    }
    check.max_timestamp_ms = std::max(check.max_timestamp_ms, record.timestamp_ms);
  }
}

}  // namespace firth::log
