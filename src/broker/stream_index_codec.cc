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

// An offset that is written as its distance from `at`, which is at most `last`. False: it would lie behind `last`.
bool take_distance(log::ByteReader& from, Offset last, Offset& at) {
  const std::uint64_t distance = from.varint();
  if (distance > static_cast<std::uint64_t>(last - at)) return false;
  at = at + static_cast<std::int64_t>(distance);
  return true;
}

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
  if (index.visible_end_ < Offset(0)) return std::nullopt;
  if (!index.decode_subjects(from) || !index.decode_chunks(from) || !index.decode_unsettled(from)) return std::nullopt;
  index.unsettled_below_ = from.offset();
  if (!from.ok()) return std::nullopt;
  return index;
}

bool StreamIndex::decode_subjects(log::ByteReader& from) {
  visible_subjects_ = from.count(5);
  for (std::uint64_t left = visible_subjects_; left > 0; --left) {
    const std::string_view text = from.text();
    if (numbers_.contains(text)) return false;
    Subject& subject = subjects_[number_of(text)];
    subject.visible = subject.decided = subject.held = from.varint();
    subject.first = from.offset();
    subject.last = from.offset();
    if (subject.visible == 0 || subject.first < Offset(0) || subject.last < subject.first || subject.last >= visible_end_) return false;
    const std::size_t few = from.count(1);
    subject.has_few = few > 0;
    if (subject.has_few && few != subject.visible) return false;
    for (std::size_t i = 0; i < few; ++i) {
      Offset at = subject.first;
      if (!take_distance(from, subject.last, at) || (i > 0 && at <= subject.few.back())) return false;
      subject.few.push_back(at);
    }
  }
  return true;
}

bool StreamIndex::decode_chunks(log::ByteReader& from) {
  const std::int64_t end = chunk_of(visible_end_) + 1;
  std::int64_t number = 0;
  for (std::size_t left = from.count(2); left > 0; --left) {
    const std::uint64_t distance = from.varint();
    const std::uint64_t visible = from.varint();
    if (distance >= static_cast<std::uint64_t>(end - number) || (distance == 0 && !chunks_.empty())) return false;
    if (visible == 0 || visible > static_cast<std::uint64_t>(kChunkOffsets)) return false;
    number += static_cast<std::int64_t>(distance);
    Chunk& chunk = chunks_[number];
    chunk.held_from = kChunkOffsets;
    chunk.visible = static_cast<std::uint32_t>(visible);
  }
  return true;
}

bool StreamIndex::decode_unsettled(log::ByteReader& from) {
  for (std::size_t left = from.count(2); left > 0; --left) {
    const Offset first = from.offset();
    Offset end = first;
    if (first < Offset(0) || !take_distance(from, Offset(INT64_MAX), end)) return false;
    unsettled_.push_back({first, end});
  }
  return true;
}

}  // namespace firth::broker
