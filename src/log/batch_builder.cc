#include "log/batch_builder.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/saturating.h"

namespace firth::log {
namespace {

constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;
constexpr std::size_t kControlKeyBytes = 4;    // version, type
constexpr std::size_t kControlValueBytes = 6;  // version, coordinator epoch

}  // namespace

BatchIdentity nats_identity(Offset base_offset, LeaderEpoch epoch, std::chrono::nanoseconds time) {
  FIRTH_ASSERT(time.count() >= 0);
  return {.base_offset = base_offset,
          .leader_epoch = epoch,
          .base_timestamp_ms = time.count() / kNanosecondsPerMillisecond,
          .producer_epoch = kNatsEpoch,
          .base_sequence = static_cast<std::int32_t>(time.count() % kNanosecondsPerMillisecond)};
}

std::chrono::nanoseconds nats_time(const BatchView& batch) {
  FIRTH_ASSERT(batch.is_nats_born());
  const std::chrono::nanoseconds whole = to_nanoseconds(std::chrono::milliseconds(batch.base_timestamp_ms()));
  return std::chrono::nanoseconds(saturating_add(whole.count(), batch.base_sequence()));
}

BatchIdentity identity_of(const BatchView& batch) {
  return {.base_offset = batch.base_offset(),
          .leader_epoch = batch.leader_epoch(),
          .base_timestamp_ms = batch.base_timestamp_ms(),
          .attributes = static_cast<std::int16_t>(batch.attributes() & ~batch_attribute::kCodecMask),
          .producer_id = batch.producer_id(),
          .producer_epoch = batch.producer_epoch(),
          .base_sequence = batch.base_sequence()};
}

BatchBuilder::BatchBuilder(std::vector<std::byte>& out, const BatchIdentity& identity)
    : out_(out), begin_(out.size()), identity_(identity) {
  out_.resize(begin_ + kBatchHeaderBytes);
}

void BatchBuilder::append_at(std::int32_t offset_delta, const NewRecord& record) {
  FIRTH_ASSERT(offset_delta >= next_delta_);
  const RecordDeltas deltas = {.timestamp_ms = record.timestamp_ms - identity_.base_timestamp_ms, .offset = offset_delta};
  const std::size_t at = out_.size();
  out_.resize(at + record_size(record, deltas));
  std::byte* const end = put_record(out_.data() + at, record, deltas);
  FIRTH_ASSERT(end == out_.data() + out_.size());
  max_timestamp_ms_ = std::max(max_timestamp_ms_, record.timestamp_ms);
  next_delta_ = offset_delta + 1;
  ++count_;
}

void BatchBuilder::append_copy(const RecordView& record) {
  const auto delta = static_cast<std::int32_t>(record.offset - identity_.base_offset);
  FIRTH_ASSERT(delta >= next_delta_);
  out_.insert(out_.end(), record.raw.begin(), record.raw.end());
  max_timestamp_ms_ = std::max(max_timestamp_ms_, record.timestamp_ms);
  next_delta_ = delta + 1;
  ++count_;
}

ByteView BatchBuilder::finish(std::int32_t last_offset_delta) {
  FIRTH_ASSERT(last_offset_delta >= next_delta_ - 1);
  FIRTH_ASSERT(size() - kBatchLengthEnd <= std::numeric_limits<std::int32_t>::max());
  std::byte* const batch = out_.data() + begin_;
  store_be(batch, identity_.base_offset.value());
  store_be(batch + 8, static_cast<std::int32_t>(size() - kBatchLengthEnd));
  store_be(batch + 12, identity_.leader_epoch.value());
  store_be(batch + 16, kBatchMagic);
  store_be(batch + 21, identity_.attributes);
  store_be(batch + 23, last_offset_delta);
  store_be(batch + 27, identity_.base_timestamp_ms);
  store_be(batch + 35, max_timestamp_ms_);
  store_be(batch + 43, identity_.producer_id.value());
  store_be(batch + 51, identity_.producer_epoch);
  store_be(batch + 53, identity_.base_sequence);
  store_be(batch + 57, count_);
  const ByteView whole(batch, size());
  store_be(batch + 17, crc32c(whole.subspan(kBatchCrcBegin)));
  return whole;
}

ByteView build_control_batch(std::vector<std::byte>& out, const BatchIdentity& identity, const ControlMarker& marker) {
  std::array<std::byte, kControlKeyBytes> key{};
  std::array<std::byte, kControlValueBytes> value{};
  store_be(key.data() + 2, static_cast<std::int16_t>(marker.type));
  store_be(value.data() + 2, marker.coordinator_epoch);
  BatchIdentity control = identity;
  control.attributes |= batch_attribute::kControl | batch_attribute::kTransactional;
  BatchBuilder builder(out, control);
  builder.append({.timestamp_ms = identity.base_timestamp_ms, .key = key, .value = value});
  return builder.finish();
}

bool read_control_record(const RecordView& record, ControlMarker& marker) {
  if (!record.key || record.key->size() < kControlKeyBytes || !record.value || record.value->size() < kControlValueBytes) return false;
  const auto type = static_cast<ControlType>(load_be<std::int16_t>(record.key->data() + 2));
  if (type != ControlType::kAbort && type != ControlType::kCommit) return false;
  marker = {.type = type, .coordinator_epoch = load_be<std::int32_t>(record.value->data() + 2)};
  return true;
}

ByteView build_hole_marker(std::vector<std::byte>& out, Offset last_of_hole, LeaderEpoch epoch, std::int64_t timestamp_ms) {
  return build_control_batch(out, {.base_offset = last_of_hole, .leader_epoch = epoch, .base_timestamp_ms = timestamp_ms},
                             {.type = ControlType::kCommit, .coordinator_epoch = 0});
}

}  // namespace firth::log
