// A segment's sparse index from offsets to positions, in memory and in Kafka's file format: entries of 8 bytes, big-endian, one for
// about every index.interval.bytes of batches.
//
//   | last offset of a batch, from the segment's base i32 | position of that batch i32 | ...      both strictly ascending
//
// No header and no checksum: what a file says is checked for order here, and against the batch that it points to by its user.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"

namespace firth::log {

class OffsetIndex {
 public:
  static constexpr std::size_t kEntryBytes = 8;
  struct Entry {
    std::int32_t relative_offset;
    std::int32_t position;
    bool operator==(const Entry&) const = default;
  };

  // REQUIRES: above the last entry in both fields.
  void add(Entry entry) {
    FIRTH_ASSERT(entry.relative_offset >= 0 && entry.position >= 0);
    FIRTH_ASSERT(entries_.empty() || follows(entries_.back(), entry));
    entries_.push_back(entry);
  }
  // The last entry at or below the offset: the batch that holds it is there or after. {-1, 0}: before the first entry.
  Entry find(std::int64_t relative_offset) const {
    const auto after = std::upper_bound(entries_.begin(), entries_.end(), relative_offset,
                                        [](std::int64_t offset, const Entry& entry) { return offset < entry.relative_offset; });
    return after == entries_.begin() ? Entry{-1, 0} : *(after - 1);
  }

  const std::vector<Entry>& entries() const { return entries_; }

  // Appends the entries from number `first` on, as the file holds them.
  void encode(std::size_t first, std::vector<std::byte>& to) const {
    std::size_t at = to.size();
    to.resize(at + (entries_.size() - first) * kEntryBytes);
    for (std::size_t i = first; i < entries_.size(); ++i, at += kEntryBytes) {
      store_be(to.data() + at, entries_[i].relative_offset);
      store_be(to.data() + at + 4, entries_[i].position);
    }
  }
  // As many entries from the front as are in order and lie below `length` bytes.
  static OffsetIndex decode_prefix(ByteView from, std::uint64_t length) {
    OffsetIndex index;
    for (; from.size() >= kEntryBytes; from = from.subspan(kEntryBytes)) {
      const Entry entry{load_be<std::int32_t>(from.data()), load_be<std::int32_t>(from.data() + 4)};
      if (entry.relative_offset < 0 || entry.position <= 0 || static_cast<std::uint64_t>(entry.position) >= length) break;
      if (!index.entries_.empty() && !follows(index.entries_.back(), entry)) break;
      index.entries_.push_back(entry);
    }
    return index;
  }

 private:
  static bool follows(const Entry& before, const Entry& entry) {
    return entry.relative_offset > before.relative_offset && entry.position > before.position;
  }
  std::vector<Entry> entries_;
};

}  // namespace firth::log
