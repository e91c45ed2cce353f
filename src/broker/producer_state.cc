#include "broker/producer_state.h"

#include <fmt/core.h>

#include <algorithm>

#include "broker/piece_kinds.h"
#include "log/byte_io.h"

namespace firth::broker {
namespace {

constexpr std::uint8_t kVersion = 1;

std::int32_t advance(std::int32_t sequence, std::int32_t by) {
  return static_cast<std::int32_t>((static_cast<std::int64_t>(sequence) + by) & INT32_MAX);
}

ProducedBatch describe(const log::BatchView& batch) {
  return {.first_sequence = batch.base_sequence(),
          .last_sequence = advance(batch.base_sequence(), batch.last_offset_delta()),
          .base = batch.base_offset(),
          .last = batch.last_offset(),
          .max_timestamp_ms = batch.max_timestamp_ms()};
}

bool is_tracked(const log::BatchView& batch) { return batch.producer_id() > kNoProducer && !batch.is_control(); }

}  // namespace

Result<ProducerState*> ProducerState::of(log::Partition& partition) {
  const log::PieceKey key = piece_key(PieceKind::kProducers);
  auto* state = static_cast<ProducerState*>(partition.piece(key));
  if (state == nullptr) FIRTH_CHECK(partition.act_on_piece({.piece = key, .act = {}}));
  return state;
}

void ProducerState::Producer::add(std::int16_t batch_epoch, const ProducedBatch& batch) {
  if (batch_epoch != epoch) count = 0;
  epoch = batch_epoch;
  if (count == batches.size()) std::move(batches.begin() + 1, batches.end(), batches.begin());
  else ++count;
  batches[count - 1] = batch;
}

ProducerVerdict ProducerState::judge(const log::Partition& partition, const log::BatchView& batch) {
  using Kind = ProducerVerdict::Kind;
  // Released ones are visible by now; those of a failed commit have given their offsets back.
  while (!ahead_.empty() && ahead_.front().batch.last < partition.high_watermark()) ahead_.pop_front();
  while (!ahead_.empty() && ahead_.back().batch.base >= partition.next_offset()) ahead_.pop_back();

  Producer known;
  if (const auto found = producers_.find(batch.producer_id()); found != producers_.end()) known = found->second;
  for (const Ahead& ahead : ahead_)
    if (ahead.id == batch.producer_id()) known.add(ahead.epoch, ahead.batch);
  if (known.count == 0) return {.kind = Kind::kAppend, .original = {}};

  if (batch.producer_epoch() < known.epoch) return {.kind = Kind::kOldEpoch, .original = {}};
  if (batch.producer_epoch() > known.epoch) return {.kind = batch.base_sequence() == 0 ? Kind::kAppend : Kind::kOutOfOrder, .original = {}};
  const ProducedBatch sent = describe(batch);
  for (std::size_t i = 0; i < known.count; ++i) {
    const ProducedBatch& before = known.batches[i];
    if (before.first_sequence == sent.first_sequence && before.last_sequence == sent.last_sequence)
      return {.kind = Kind::kDuplicate, .original = before};
  }
  const bool follows = sent.first_sequence == advance(known.batches[known.count - 1].last_sequence, 1);
  return {.kind = follows ? Kind::kAppend : Kind::kOutOfOrder, .original = {}};
}

void ProducerState::accepted(const log::BatchView& batch) {
  ahead_.push_back({.id = batch.producer_id(), .epoch = batch.producer_epoch(), .batch = describe(batch)});
}

void ProducerState::on_batch(const log::BatchView& batch, const SharedBytes&) {
  if (!is_tracked(batch)) return;
  if (producers_.size() >= kMaxProducers && !producers_.contains(batch.producer_id())) forget_one();
  producers_[batch.producer_id()].add(batch.producer_epoch(), describe(batch));
}

// By offset, not by time: recovery must come to the same.
void ProducerState::forget_one() {
  const auto last_offset = [](const auto& entry) { return entry.second.batches[entry.second.count - 1].last; };
  producers_.erase(std::ranges::min_element(producers_, {}, last_offset));
}

SharedBytes ProducerState::encode() const {
  log::ByteWriter out;
  out.fixed(kVersion);
  out.varint(producers_.size());
  for (const auto& [id, producer] : producers_) {
    out.signed_varint(id.value());
    out.signed_varint(producer.epoch);
    out.varint(producer.count);
    for (std::size_t i = 0; i < producer.count; ++i) {
      const ProducedBatch& batch = producer.batches[i];
      out.signed_varint(batch.first_sequence);
      out.signed_varint(batch.last_sequence);
      out.offset(batch.base);
      out.offset(batch.last);
      out.signed_varint(batch.max_timestamp_ms);
    }
  }
  return out.share();
}

Result<void> ProducerState::restore(ByteView bytes) {
  log::ByteReader in(bytes);
  if (const auto version = in.fixed<std::uint8_t>(); version != kVersion)
    return Error{Errc::kUnsupported, fmt::format("producers of version {}; this server reads {}", version, kVersion)};
  for (std::size_t left = in.count(8); left > 0 && in.ok(); --left) {
    const ProducerId id(in.signed_varint());
    Producer& producer = producers_[id];
    producer.epoch = static_cast<std::int16_t>(in.signed_varint());
    producer.count = static_cast<std::size_t>(in.varint());
    if (producer.count == 0 || producer.count > kRememberedBatches)
      return Error{Errc::kCorrupt, "a producer with an impossible count of batches"};
    for (std::size_t i = 0; i < producer.count; ++i) {
      ProducedBatch& batch = producer.batches[i];
      batch.first_sequence = static_cast<std::int32_t>(in.signed_varint());
      batch.last_sequence = static_cast<std::int32_t>(in.signed_varint());
      batch.base = in.offset();
      batch.last = in.offset();
      batch.max_timestamp_ms = in.signed_varint();
    }
  }
  if (!in.done()) return Error{Errc::kCorrupt, "the producers are not of the form that is written"};
  return {};
}

}  // namespace firth::broker
