// Which offsets of one segment are erased. Memory and encoded form stay small for every order of erasing: a chunk of 65,536 offsets is
// kept as runs while these are few, as 65,536 bits when they are many, as nothing but its number when it is full.
//
//   chunk 0 | 3..9  17..17 | chunk 1: full | (chunk 2: none erased, absent) | chunk 3 | 0110 1011 ... |
//           4 bytes a run                                                     8 KiB
//
// 100 million offsets erased in random order never need more than about one bit each; a work queue that is acknowledged in order
// needs one run. A checkpoint piece (encode, decode). Used on the partition's shard.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace firth::log {

struct OffsetRange {
  Offset first;
  Offset end;  // exclusive
  constexpr auto operator<=>(const OffsetRange&) const = default;
};

class ErasedSet {
 public:
  static constexpr std::int64_t kMaxSpan = std::int64_t{1} << 32;  // offsets of one segment: Kafka's index allows 2^31

  // REQUIRES, of all functions: offsets from `base` on, less than kMaxSpan above it.
  explicit ErasedSet(Offset base) : base_(base) {}

  // How many of the range were not erased before. An empty range is none.
  std::int64_t insert(OffsetRange range);
  bool insert(Offset offset) { return insert({offset, offset + 1}) != 0; }

  bool contains(Offset offset) const;
  bool covers(OffsetRange range) const { return next_live(range.first) >= range.end; }
  bool intersects(OffsetRange range) const { return next_erased(range.first, range.end) < range.end; }

  // The first offset >= from that is not erased: possibly one that was never written.
  Offset next_live(Offset from) const;
  // The first erased offset in [from, end), or end.
  Offset next_erased(Offset from, Offset end) const;
  // How many of the range are erased.
  std::int64_t count(OffsetRange range) const;

  Offset base() const { return base_; }
  std::int64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::size_t memory_bytes() const;

  // Appends the encoded set: a version byte, the base, the chunks, each in the smaller of its forms. It carries no checksum: its piece has
  // one.
  void encode(std::vector<std::byte>& to) const;
  // kCorrupt: truncated, not in canonical form, or more than the encoding allows; kUnsupported: a later version.
  static Result<ErasedSet> decode(ByteView from);

  friend bool operator==(const ErasedSet& a, const ErasedSet& b);

 private:
  static constexpr std::uint32_t kChunkOffsets = 65536;
  static constexpr std::size_t kChunkWords = kChunkOffsets / 64;
  static constexpr std::size_t kChunkBytes = kChunkOffsets / 8;
  static constexpr std::size_t kMaxRuns = 2048;  // as large as the bits

  struct Run {
    std::uint16_t first;
    std::uint16_t last;  // inclusive
    bool operator==(const Run&) const = default;
  };

  struct Chunk {
    std::uint32_t number;     // of 65,536 offsets, from the base
    std::uint32_t count = 0;  // of erased ones; kChunkOffsets: full, neither runs nor bits
    std::uint32_t run_count = 0;
    std::vector<Run> runs;
    std::unique_ptr<std::uint64_t[]> bits;

    bool full() const { return count == kChunkOffsets; }
    void insert(std::uint32_t first, std::uint32_t last);
    void insert_run(std::uint32_t first, std::uint32_t last);
    void insert_bits(std::uint32_t first, std::uint32_t last);
    void become_bits();
    void become_runs();
    void become_full();
    bool contains(std::uint32_t at) const { return next(at, true) == at; }
    // The first at >= from that is erased (or is not), or kChunkOffsets.
    std::uint32_t next(std::uint32_t from, bool erased) const;
    std::uint32_t count_between(std::uint32_t first, std::uint32_t last) const;
    std::vector<Run> list_runs() const;
  };

  std::uint64_t relative(Offset offset) const;
  std::vector<Chunk>::const_iterator find(std::uint32_t number) const;  // the first chunk with that number or a higher one
  void encode_chunk(const Chunk& chunk, std::vector<std::byte>& to) const;
  static Result<void> decode_runs(ByteView& from, Chunk& chunk);
  static Result<void> decode_bits(ByteView& from, Chunk& chunk);

  Offset base_;
  std::int64_t count_ = 0;
  std::vector<Chunk> chunks_;  // by number; none is empty
};

}  // namespace firth::log
