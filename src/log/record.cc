#include "log/record.h"

#include "base/varint.h"

namespace firth::log {
namespace {

bool take(ByteView& from, std::int32_t size, ByteView& taken) {
  if (size < 0 || static_cast<std::size_t>(size) > from.size()) return false;
  taken = from.first(static_cast<std::size_t>(size));
  from = from.subspan(static_cast<std::size_t>(size));
  return true;
}

bool take_nullable(ByteView& from, std::optional<ByteView>& taken) {
  taken.reset();
  std::int32_t size = 0;
  if (!get_signed_varint(from, size)) return false;
  return size < 0 || take(from, size, taken.emplace());  // -1; Kafka takes any negative length for null
}

std::size_t nullable_size(const std::optional<ByteView>& bytes) {
  if (!bytes) return signed_varint_size(-1);
  return signed_varint_size(static_cast<std::int64_t>(bytes->size())) + bytes->size();
}

std::byte* put_bytes(std::byte* to, ByteView bytes) {
  to = put_signed_varint(to, static_cast<std::int64_t>(bytes.size()));
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

std::byte* put_nullable(std::byte* to, const std::optional<ByteView>& bytes) {
  return bytes ? put_bytes(to, *bytes) : put_signed_varint(to, -1);
}

std::size_t body_size(const NewRecord& record, const RecordDeltas& deltas) {
  std::size_t size = 1 + signed_varint_size(deltas.timestamp_ms) + signed_varint_size(deltas.offset);
  size += nullable_size(record.key) + nullable_size(record.value);
  size += signed_varint_size(static_cast<std::int64_t>(record.headers.size()));
  for (const RecordHeader& header : record.headers) size += nullable_size(as_bytes(header.name)) + nullable_size(header.value);
  return size;
}

}  // namespace

RecordReader::RecordReader(const BatchView& batch, ByteView records)
    : rest_(records), base_offset_(batch.base_offset()), base_timestamp_ms_(batch.base_timestamp_ms()), count_(batch.record_count()) {
  if (batch.is_log_append_time()) append_time_ms_ = batch.max_timestamp_ms();
}

ReadStep RecordReader::next(RecordView& record) {
  if (read_ >= count_) return rest_.empty() && read_ == count_ ? ReadStep::kEnd : ReadStep::kDamaged;
  const ByteView before = rest_;
  std::int32_t length = 0;
  ByteView body;
  if (!get_signed_varint(rest_, length) || !take(rest_, length, body) || body.empty()) return ReadStep::kDamaged;
  record.raw = before.first(before.size() - rest_.size());

  body = body.subspan(1);  // the attributes, unused
  std::int64_t timestamp_delta = 0;
  std::int32_t offset_delta = 0;
  if (!get_signed_varint(body, timestamp_delta) || !get_signed_varint(body, offset_delta)) return ReadStep::kDamaged;
  if (!take_nullable(body, record.key) || !take_nullable(body, record.value)) return ReadStep::kDamaged;
  if (!get_signed_varint(body, record.header_count)) return ReadStep::kDamaged;
  if (record.header_count < 0 || static_cast<std::size_t>(record.header_count) > body.size() / 2) return ReadStep::kDamaged;
  if (record.header_count == 0 && !body.empty()) return ReadStep::kDamaged;
  record.header_bytes = body;

  if (__builtin_add_overflow(base_timestamp_ms_, timestamp_delta, &record.timestamp_ms)) return ReadStep::kDamaged;
  std::int64_t offset = 0;
  if (__builtin_add_overflow(base_offset_.value(), offset_delta, &offset)) return ReadStep::kDamaged;
  record.offset = Offset(offset);
  if (append_time_ms_) record.timestamp_ms = *append_time_ms_;
  ++read_;
  return ReadStep::kRead;
}

ReadStep HeaderReader::next(RecordHeader& header) {
  if (left_ == 0) return rest_.empty() ? ReadStep::kEnd : ReadStep::kDamaged;
  std::int32_t size = 0;
  ByteView name;
  if (!get_signed_varint(rest_, size) || !take(rest_, size, name) || !take_nullable(rest_, header.value)) return ReadStep::kDamaged;
  header.name = as_text(name);
  --left_;
  return ReadStep::kRead;
}

std::size_t record_size(const NewRecord& record, const RecordDeltas& deltas) {
  const std::size_t body = body_size(record, deltas);
  return signed_varint_size(static_cast<std::int64_t>(body)) + body;
}

std::byte* put_record(std::byte* to, const NewRecord& record, const RecordDeltas& deltas) {
  to = put_signed_varint(to, static_cast<std::int64_t>(body_size(record, deltas)));
  *to++ = std::byte{0};
  to = put_signed_varint(to, deltas.timestamp_ms);
  to = put_signed_varint(to, deltas.offset);
  to = put_nullable(to, record.key);
  to = put_nullable(to, record.value);
  to = put_signed_varint(to, static_cast<std::int64_t>(record.headers.size()));
  for (const RecordHeader& header : record.headers) {
    to = put_bytes(to, as_bytes(header.name));
    to = put_nullable(to, header.value);
  }
  return to;
}

}  // namespace firth::log
