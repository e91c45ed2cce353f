#include "kafka/handlers/produce_batch.h"

#include <fmt/core.h>

#include <vector>

#include "broker/record_subject.h"
#include "log/record.h"

namespace firth::kafka {
namespace {

constexpr std::size_t kReferenceBytes = 64 * 1024;
constexpr std::size_t kMaxRecordsBytes = std::size_t{256} << 20;  // what a batch may decompress to

ErrorCode to_kafka(log::BatchFault fault) {
  switch (fault) {
    case log::BatchFault::kTruncated:
    case log::BatchFault::kCrc:
    case log::BatchFault::kDecompression:
      return ErrorCode::kCorruptMessage;
    case log::BatchFault::kTimestamp:
    case log::BatchFault::kTimestampType:
      return ErrorCode::kInvalidTimestamp;
    case log::BatchFault::kCodec:
      return ErrorCode::kUnsupportedCompressionType;
    default:
      return ErrorCode::kInvalidRecord;
  }
}

PreparedBatch refuse(log::BatchFault fault, std::int32_t record) {
  return {.error = to_kafka(fault), .message = std::string(to_string(fault)), .bad_record = record, .bytes = {}, .append_time_ms = -1};
}

// Docs/one-log.md, "Subject and key": in a stream the key is the subject.
PreparedBatch check_keys(const log::BatchView& batch, ByteView records, const broker::Topic& topic) {
  const broker::RecordSubject subjects(topic, PartitionIndex(0));
  log::RecordReader reader(batch, records);
  log::RecordView record;
  for (std::int32_t index = 0; reader.next(record) == log::ReadStep::kRead; ++index) {
    auto subject = subjects.check(record.key);
    if (!subject.ok())
      return {.error = ErrorCode::kInvalidRecord, .message = subject.error().text, .bad_record = index, .bytes = {}, .append_time_ms = -1};
  }
  return {};
}

log::RecordRules rules_of(const broker::TopicConfig& config, std::int64_t now_ms) {
  log::RecordRules rules;
  if (config.cleanup_policy.compact && config.origin == broker::Origin::kKafka) rules.key = log::KeyRule::kRequired;
  if (config.timestamp_type == broker::TimestampType::kLogAppendTime) return rules;
  if (config.timestamp_before_max_ms < now_ms) rules.earliest_ms = now_ms - config.timestamp_before_max_ms;
  if (config.timestamp_after_max_ms < INT64_MAX - now_ms) rules.latest_ms = now_ms + config.timestamp_after_max_ms;
  return rules;
}

}  // namespace

PreparedBatch prepare_batch(const SharedBytes& records, const broker::Topic& topic, std::int64_t now_ms, BatchTools tools) {
  const broker::TopicConfig& config = topic.config;
  if (static_cast<std::int64_t>(records.size()) > config.max_message_bytes)
    return {.error = ErrorCode::kMessageTooLarge,
            .message = fmt::format("a batch of {} bytes; max.message.bytes is {}", records.size(), config.max_message_bytes),
            .bad_record = -1,
            .bytes = {},
            .append_time_ms = -1};
  if (const log::BatchFault fault = log::check_produced_batch(records.view()); fault != log::BatchFault::kNone) return refuse(fault, -1);

  const log::BatchView batch(records.view());
  std::vector<std::byte> decompressed;
  runtime::MemoryAccount account(runtime::MemoryKind::kDecodedBatches);
  ByteView plain = batch.records();
  if (batch.codec() != log::Codec::kNone) {
    if (!tools.decompressor.decompress(batch.codec(), plain, kMaxRecordsBytes, decompressed).ok())
      return refuse(log::BatchFault::kDecompression, -1);
    plain = decompressed;
    account.attach(tools.memory);
    (void)account.follow(decompressed.capacity());
  }
  const log::RecordsCheck check = log::check_records(batch, plain, rules_of(config, now_ms));
  if (check.fault != log::BatchFault::kNone) return refuse(check.fault, check.record_index);
  if (config.origin == broker::Origin::kNats) {
    PreparedBatch refused = check_keys(batch, plain, topic);
    if (refused.error != ErrorCode::kNone) return refused;
  }

  PreparedBatch prepared;
  prepared.bytes = records.size() >= kReferenceBytes ? records : SharedBytes::copy(records.view());
  if (config.timestamp_type == broker::TimestampType::kLogAppendTime) {
    prepared.append_time_ms = now_ms;
    log::stamp_log_append_time(prepared.bytes.writable_by_owner(), now_ms);
  }
  return prepared;
}

}  // namespace firth::kafka
