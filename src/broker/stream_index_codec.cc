// The stored form of an index: what is visible, without the columns, which the log has.
//
//   version u8 | visible end | first | messages | bytes
//   | subjects, each: text, count, first, last, offsets if few (0: many)
//   | chunks, each: distance from the one before, visible messages
//   | hidden and not counted yet: ranges, everything below
#include <algorithm>

#include "broker/stream_index.h"

namespace firth::broker {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

void StreamIndex::encode(log::ByteWriter& to) const {
  to.fixed(kVersion);
  to.offset(visible_end_);
  to.offset(first_);
  to.varint(visible_.messages);
  to.varint(visible_.bytes);
  to.varint(visible_subjects_);
  for (const Subject& subject : subjects_) {
    if (subject.visible == 0) continue;
    to.prefixed(subject.text);
    to.varint(subject.visible);
    to.offset(subject.first);
    to.offset(std::min(subject.last, visible_end_ - 1));
    to.varint(subject.has_few ? subject.visible : 0);
    for (const Offset offset : subject.few)
      if (offset < visible_end_) to.varint(static_cast<std::uint64_t>(offset - subject.first));
  }
  to.varint(static_cast<std::uint64_t>(std::count_if(chunks_.begin(), chunks_.end(), [](const auto& c) { return c.second.visible > 0; })));
  std::int64_t before = 0;
  for (const auto& [number, chunk] : chunks_) {
    if (chunk.visible == 0) continue;
    to.varint(static_cast<std::uint64_t>(number - before));
    to.varint(chunk.visible);
    before = number;
  }
  to.varint(unsettled_.size());
  for (const log::OffsetRange& range : unsettled_) {
    to.offset(range.first);
    to.varint(static_cast<std::uint64_t>(range.end - range.first));
  }
  to.offset(unsettled_below_);
}

std::optional<StreamIndex> StreamIndex::decode(log::ByteReader& from, std::size_t held_chunks) {
  if (from.fixed<std::uint8_t>() != kVersion) return std::nullopt;
  StreamIndex index(from.offset(), held_chunks);
  index.first_ = from.offset();
  index.visible_.messages = from.varint();
  index.visible_.bytes = from.varint();
  index.decided_ = index.visible_;
  index.visible_subjects_ = from.count(5);
  for (std::uint64_t left = index.visible_subjects_; left > 0 && from.ok(); --left) {
    Subject& subject = index.subjects_[index.number_of(from.text())];
    subject.visible = subject.decided = subject.held = from.varint();
    subject.first = from.offset();
    subject.last = from.offset();
    const std::size_t few = from.count(1);
    subject.has_few = few > 0;
    for (std::size_t i = 0; i < few; ++i) subject.few.push_back(subject.first + static_cast<std::int64_t>(from.varint()));
  }
  std::int64_t number = 0;
  for (std::size_t left = from.count(2); left > 0; --left) {
    number += static_cast<std::int64_t>(from.varint());
    Chunk& chunk = index.chunks_[number];
    chunk.held_from = kChunkOffsets;
    chunk.visible = static_cast<std::uint32_t>(from.varint());
  }
  for (std::size_t left = from.count(2); left > 0; --left) {
    const Offset first = from.offset();
    index.unsettled_.push_back({first, first + static_cast<std::int64_t>(from.varint())});
  }
  index.unsettled_below_ = from.offset();
  if (!from.ok()) return std::nullopt;
  return index;
}

}  // namespace firth::broker
