#include "log/erase_rewrite.h"

#include <string>

#include "log/batch_builder.h"
#include "log/record.h"

namespace firth::log {

Survival survival_of(const BatchView& batch, const Visibility& visibility) {
  const OffsetRange range{batch.base_offset(), batch.next_offset()};
  if (batch.is_control() || !visibility.hides_some(range)) return Survival::kWhole;
  return visibility.hides_all(range) ? Survival::kNothing : Survival::kPartly;
}

Result<void> EraseRewriter::rewrite(const SharedBytes& batches, const Visibility& visibility, std::vector<SharedBytes>& out) {
  std::size_t untouched = 0;  // where the stretch begins that goes out by reference
  std::size_t at = 0;
  const auto end_stretch = [&](std::size_t next) {
    if (at > untouched) out.push_back(batches.slice(untouched, at - untouched));
    untouched = next;
  };
  while (at < batches.size()) {
    const ByteView rest = batches.view().subspan(at);
    FIRTH_ASSERT(look_at_batch(rest) == BatchFront::kWhole);
    const BatchView batch(rest);
    const Survival survival = survival_of(batch, visibility);
    if (survival != Survival::kWhole) end_stretch(at + batch.size());
    if (survival == Survival::kPartly) {
      FIRTH_TRY(const ByteView left, rewrite_batch(batch, visibility));
      if (!left.empty()) out.push_back(SharedBytes::copy(left));
    }
    at += batch.size();
  }
  end_stretch(at);
  return {};
}

Result<ByteView> EraseRewriter::rewrite_batch(const BatchView& batch, const Visibility& visibility) {
  const auto unreadable = [&] {
    return Error{Errc::kCorrupt, "the records of the batch at offset " + std::to_string(batch.base_offset().value()) + " cannot be read"};
  };
  ByteView records = batch.records();
  if (batch.codec() != Codec::kNone) {
    if (!decompressor_.decompress(batch.codec(), records, kMaxRecordsBytes, plain_).ok()) return unreadable();
    records = plain_;
  }
  built_.clear();
  BatchBuilder builder(built_, identity_of(batch));
  RecordReader reader(batch, records);
  RecordView record;
  Offset next = batch.base_offset();
  for (;;) {
    const ReadStep step = reader.next(record);
    if (step == ReadStep::kEnd) break;
    if (step == ReadStep::kDamaged || record.offset < next || record.offset > batch.last_offset()) return unreadable();
    next = record.offset + 1;
    if (!visibility.hides(record.offset)) builder.append_copy(record);
  }
  if (builder.record_count() == 0) return ByteView();
  const ByteView plain = builder.finish(batch.last_offset_delta());
  return batch.codec() == Codec::kNone ? plain : compress_built(batch.codec());
}

ByteView EraseRewriter::compress_built(Codec codec) {
  compress(codec, ByteView(built_).subspan(kBatchHeaderBytes), compressed_);
  built_.resize(kBatchHeaderBytes);
  built_.insert(built_.end(), compressed_.begin(), compressed_.end());
  std::byte* const batch = built_.data();
  store_be(batch + 8, static_cast<std::int32_t>(built_.size() - kBatchLengthEnd));
  store_be(batch + 21, static_cast<std::int16_t>(BatchView(built_).attributes() | static_cast<std::int16_t>(codec)));
  store_be(batch + 17, crc32c(ByteView(built_).subspan(kBatchCrcBegin)));
  return built_;
}

}  // namespace firth::log
