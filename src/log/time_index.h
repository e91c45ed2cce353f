// A segment's sparse index from time to offsets, in memory and in Kafka's file format: entries of 12 bytes, big-endian.
//
//   | greatest timestamp so far i64 | last offset of the first batch that has it, from the segment's base i32 | ...    both ascending
//
// Time may run backwards in a log; the greatest so far does not. So every batch up to an entry's offset has no greater timestamp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace firth::log {

class TimeIndex {
 public:
  static constexpr std::size_t kEntryBytes = 12;
  struct Entry {
    std::int64_t timestamp_ms;
    std::int32_t relative_offset;
    bool operator==(const Entry&) const = default;
  };

  // Adds an entry unless the time has not grown since the last one.
  void add(Entry entry) {
    if (entry.timestamp_ms >= 0 && (entries_.empty() || follows(entries_.back(), entry))) entries_.push_back(entry);
  }
  // The last offset below which, itself included, everything is older than `timestamp_ms`; -1: none is known.
  std::int32_t last_older(std::int64_t timestamp_ms) const {
    const auto from = std::lower_bound(entries_.begin(), entries_.end(), timestamp_ms,
                                       [](const Entry& entry, std::int64_t timestamp) { return entry.timestamp_ms < timestamp; });
    return from == entries_.begin() ? -1 : (from - 1)->relative_offset;
  }

  const std::vector<Entry>& entries() const { return entries_; }

  // Appends the entries from number `first` on, as the file holds them.
  void encode(std::size_t first, std::vector<std::byte>& to) const {
    std::size_t at = to.size();
    to.resize(at + (entries_.size() - first) * kEntryBytes);
    for (std::size_t i = first; i < entries_.size(); ++i, at += kEntryBytes) {
      store_be(to.data() + at, entries_[i].timestamp_ms);
      store_be(to.data() + at + 8, entries_[i].relative_offset);
    }
  }
  // As many entries from the front as are in order and lie below `relative_end`.
  static TimeIndex decode_prefix(ByteView from, std::int64_t relative_end) {
    TimeIndex index;
    for (; from.size() >= kEntryBytes; from = from.subspan(kEntryBytes)) {
      const Entry entry{load_be<std::int64_t>(from.data()), load_be<std::int32_t>(from.data() + 8)};
      if (entry.timestamp_ms < 0 || entry.relative_offset < 0 || entry.relative_offset >= relative_end) break;
      if (!index.entries_.empty() && !follows(index.entries_.back(), entry)) break;
      index.entries_.push_back(entry);
    }
    return index;
  }

 private:
  static bool follows(const Entry& before, const Entry& entry) {
    return entry.timestamp_ms > before.timestamp_ms && entry.relative_offset > before.relative_offset;
  }
  std::vector<Entry> entries_;
};

}  // namespace firth::log
