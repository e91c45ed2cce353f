// The encoded form of an ErasedSet; integers are varints:
//
//   version 1 | base (signed) | { chunks skipped | form | body }...
//
//   form 0, full   how many consecutive chunks are full
//   form 1, runs   how many; then of each: how many live offsets lie before it since the last, how many erased ones it has, less 1
//   form 2, bits   8192 bytes, bit i of byte j is offset 8 j + i
//
// Only one encoding of a set is accepted, so that equal states have equal bytes.
#include <algorithm>
#include <bit>
#include <limits>
#include <string>

#include "base/varint.h"
#include "log/erased_set.h"

namespace firth::log {
namespace {

constexpr std::byte kVersion{1};
enum Form : std::uint8_t { kFull = 0, kRuns = 1, kBits = 2 };

void append_varint(std::vector<std::byte>& to, std::uint64_t value) {
  std::byte buffer[kMaxVarint64Bytes];
  to.insert(to.end(), buffer, put_varint(buffer, value));
}

Error corrupt(std::string_view what) { return {Errc::kCorrupt, "erased set: " + std::string(what)}; }

}  // namespace

void ErasedSet::encode(std::vector<std::byte>& to) const {
  to.push_back(kVersion);
  append_varint(to, zigzag(base_.value()));
  std::uint32_t expected = 0;
  for (std::size_t index = 0; index < chunks_.size();) {
    const Chunk& chunk = chunks_[index];
    append_varint(to, chunk.number - expected);
    std::size_t next = index + 1;
    if (chunk.full()) {
      while (next < chunks_.size() && chunks_[next].full() && chunks_[next].number == chunks_[next - 1].number + 1) ++next;
      to.push_back(std::byte{kFull});
      append_varint(to, next - index);
    } else {
      encode_chunk(chunk, to);
    }
    expected = chunks_[next - 1].number + 1;
    index = next;
  }
}

void ErasedSet::encode_chunk(const Chunk& chunk, std::vector<std::byte>& to) const {
  const std::size_t begin = to.size();
  if (chunk.run_count < kChunkBytes / 2) {  // a run takes two bytes at least
    to.push_back(std::byte{kRuns});
    append_varint(to, chunk.run_count);
    std::uint32_t at = 0;
    for (const Run& run : chunk.list_runs()) {
      append_varint(to, run.first - at);
      append_varint(to, static_cast<std::uint32_t>(run.last - run.first));
      at = run.last + 1u;
    }
    if (to.size() - begin <= kChunkBytes) return;
    to.resize(begin);
  }
  to.push_back(std::byte{kBits});
  const std::size_t words = to.size();
  to.resize(words + kChunkBytes);
  if (chunk.bits) {
    std::memcpy(to.data() + words, chunk.bits.get(), kChunkBytes);  // little-endian words are that order of bits
    return;
  }
  for (const Run& run : chunk.runs)
    for (std::uint32_t at = run.first; at <= run.last; ++at) to[words + at / 8] |= static_cast<std::byte>(1u << (at % 8));
}

Result<void> ErasedSet::decode_runs(ByteView& from, Chunk& chunk) {
  std::uint32_t runs = 0;
  if (!get_varint(from, runs) || runs == 0 || runs > from.size() / 2) return corrupt("number of runs");
  std::uint32_t at = 0;
  for (std::uint32_t i = 0; i < runs; ++i) {
    std::uint32_t gap = 0, length = 0;
    if (!get_varint(from, gap) || !get_varint(from, length)) return corrupt("truncated run");
    if (gap == 0 && i != 0) return corrupt("runs that touch");
    if (gap >= kChunkOffsets - at || length >= kChunkOffsets - at - gap) return corrupt("run beyond its chunk");
    chunk.insert(at + gap, at + gap + length);
    at += gap + length + 1;
    if (at == kChunkOffsets && i + 1 != runs) return corrupt("run beyond its chunk");
  }
  return chunk.full() ? Result<void>(corrupt("full chunk as runs")) : Result<void>();
}

Result<void> ErasedSet::decode_bits(ByteView& from, Chunk& chunk) {
  if (from.size() < kChunkBytes) return corrupt("truncated bits");
  chunk.bits = std::make_unique<std::uint64_t[]>(kChunkWords);
  std::memcpy(chunk.bits.get(), from.data(), kChunkBytes);
  from = from.subspan(kChunkBytes);
  std::uint64_t before = 0;  // the highest bit of the word before
  for (std::size_t word = 0; word < kChunkWords; ++word) {
    const std::uint64_t bits = chunk.bits[word];
    chunk.count += static_cast<std::uint32_t>(std::popcount(bits));
    chunk.run_count += static_cast<std::uint32_t>(std::popcount(bits & ~(bits << 1 | before)));
    before = bits >> 63;
  }
  if (chunk.count == 0 || chunk.full()) return corrupt("empty or full chunk as bits");
  if (chunk.run_count <= kMaxRuns / 2) chunk.become_runs();
  return {};
}

Result<ErasedSet> ErasedSet::decode(ByteView from) {
  const ByteView whole = from;
  if (from.empty()) return corrupt("no bytes");
  if (from[0] != kVersion) return Error{Errc::kUnsupported, "erased set: version " + std::to_string(static_cast<int>(from[0]))};
  from = from.subspan(1);
  std::int64_t base = 0;
  if (!get_signed_varint(from, base) || base < 0 || base > std::numeric_limits<std::int64_t>::max() - kMaxSpan)
    return corrupt("base offset");
  ErasedSet set{Offset(base)};
  std::uint64_t number = 0;
  constexpr std::uint64_t kMaxChunks = kMaxSpan / kChunkOffsets;
  while (!from.empty()) {
    std::uint32_t skipped = 0;
    if (!get_varint(from, skipped) || from.empty()) return corrupt("truncated chunk");
    number += skipped;
    if (number >= kMaxChunks) return corrupt("chunk beyond the segment");
    const auto form = static_cast<std::uint8_t>(from[0]);
    from = from.subspan(1);
    if (form == kFull) {
      std::uint32_t chunks = 0;
      if (!get_varint(from, chunks) || chunks == 0 || chunks > kMaxChunks - number) return corrupt("number of full chunks");
      const Offset first = set.base_ + static_cast<std::int64_t>(number * kChunkOffsets);
      set.insert({first, first + static_cast<std::int64_t>(chunks) * kChunkOffsets});
      number += chunks;
      continue;
    }
    Chunk chunk{.number = static_cast<std::uint32_t>(number)};
    if (form != kRuns && form != kBits) return corrupt("form of a chunk");
    FIRTH_CHECK(form == kRuns ? decode_runs(from, chunk) : decode_bits(from, chunk));
    set.count_ += chunk.count;
    set.chunks_.push_back(std::move(chunk));
    ++number;
  }
  // Varints and forms leave room for longer encodings of the same set; only encode's own is taken.
  std::vector<std::byte> again;
  set.encode(again);
  if (!std::ranges::equal(again, whole)) return corrupt("not in canonical form");
  return set;
}

}  // namespace firth::log
