#include "broker/stream_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/saturating.h"
#include "broker/null_value.h"
#include "broker/record_headers.h"
#include "log/batch_builder.h"

namespace firth::broker {
namespace {

Error damaged(const log::Partition& partition, Offset offset) {
  return {Errc::kCorrupt, fmt::format("{}: the batch of offset {} cannot be read", partition.directory(), offset.value())};
}

}  // namespace

std::size_t message_size(std::size_t subject_bytes, std::size_t header_bytes, std::size_t payload_bytes) {
  constexpr std::size_t kFixed = 22, kHeaderLength = 4, kChecksum = 8;
  return kFixed + subject_bytes + (header_bytes == 0 ? 0 : kHeaderLength + header_bytes) + payload_bytes + kChecksum;
}

std::size_t StoredMessage::size() const { return message_size(subject.size(), headers.size(), payload.size()); }

std::string StreamReader::headers_of(const log::RecordView& record) {
  if (record.header_count == 0) return {};
  std::vector<RecordHeader> headers;
  log::HeaderReader reader(record);
  for (log::RecordHeader header; reader.next(header) == log::ReadStep::kRead;) {
    RecordHeader& added = headers.emplace_back(RecordHeader{.name = std::string(header.name), .value = std::nullopt});
    if (header.value.has_value()) added.value = as_text(*header.value);
  }
  return to_block(headers);
}

std::int64_t StreamReader::time_ns_of(const log::BatchView& batch, const log::RecordView& record) {
  if (batch.is_nats_born()) return log::nats_time(batch).count();
  return to_nanoseconds(std::chrono::milliseconds(record.timestamp_ms)).count();
}

// The cursor whose batch has the offset and that has not passed it; else the least used one, at the batch's start.
Result<StreamReader::Cursor*> StreamReader::cursor_for(Offset offset) {
  Cursor* oldest = cursors_.data();
  for (Cursor& cursor : cursors_) {
    if (cursor.used < oldest->used) oldest = &cursor;
    if (cursor.batch.empty()) continue;
    const log::BatchView batch(cursor.batch.view());
    if (offset < batch.base_offset() || offset > batch.last_offset()) continue;
    if (!cursor.at_record || cursor.record.offset > offset) cursor.reader.emplace(batch, cursor.records.view());
    if (cursor.record.offset > offset) cursor.at_record = false;
    return &cursor;
  }
  FIRTH_TRY(const log::LogRead read, partition_.read_raw({.from = offset, .bound = partition_.high_watermark(), .max_bytes = 1}));
  *oldest = Cursor();
  for (const SharedBytes& bytes : read.batches) {
    for (std::size_t at = 0; at < bytes.size();) {
      const log::BatchView batch(bytes.view().subspan(at));
      if (offset >= batch.base_offset() && offset <= batch.last_offset()) {
        oldest->batch = bytes.slice(at, batch.size());
        FIRTH_TRY(oldest->records, records_of(oldest->batch));
        oldest->reader.emplace(log::BatchView(oldest->batch.view()), oldest->records.view());
        return oldest;
      }
      at += batch.size();
    }
  }
  return static_cast<Cursor*>(nullptr);
}

Result<std::optional<StoredMessage>> StreamReader::read(Offset offset) {
  FIRTH_TRY(Cursor * cursor, cursor_for(offset));
  if (cursor == nullptr) return std::optional<StoredMessage>();
  cursor->used = ++uses_;
  if (log::BatchView(cursor->batch.view()).is_control()) return std::optional<StoredMessage>();
  while (!cursor->at_record || cursor->record.offset < offset) {
    const log::ReadStep step = cursor->reader->next(cursor->record);
    cursor->at_record = step == log::ReadStep::kRead;
    if (step == log::ReadStep::kDamaged) return damaged(partition_, offset);
    if (step == log::ReadStep::kEnd) return std::optional<StoredMessage>();
  }
  if (cursor->record.offset != offset) return std::optional<StoredMessage>();
  return std::optional(message_of(*cursor));
}

StoredMessage StreamReader::message_of(const Cursor& cursor) const {
  const log::BatchView batch(cursor.batch.view());
  const log::RecordView& record = cursor.record;
  const Keeps keeps = subject_.bucket_prefix().empty() ? Keeps::kMessages : Keeps::kKeys;
  return {.sequence = to_sequence(record.offset),
          .time_ns = time_ns_of(batch, record),
          .subject = subject_.subject_of(batch, record.key),
          .headers = record.value.has_value() ? headers_of(record) : mark_null_value(headers_of(record), keeps),
          .payload = record.value.value_or(ByteView()),
          .null_value = !record.value.has_value(),
          .bytes = cursor.records};
}

}  // namespace firth::broker
