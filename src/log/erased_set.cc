#include "log/erased_set.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

namespace firth::log {

std::uint64_t ErasedSet::relative(Offset offset) const {
  FIRTH_ASSERT(offset >= base_);
  FIRTH_ASSERT(offset - base_ <= kMaxSpan);
  return static_cast<std::uint64_t>(offset - base_);
}

std::vector<ErasedSet::Chunk>::const_iterator ErasedSet::find(std::uint32_t number) const {
  // Erasing is mostly near the end: try the last chunk before searching.
  if (!chunks_.empty() && chunks_.back().number == number) return std::prev(chunks_.end());
  return std::lower_bound(chunks_.begin(), chunks_.end(), number, [](const Chunk& chunk, std::uint32_t n) { return chunk.number < n; });
}

std::int64_t ErasedSet::insert(OffsetRange range) {
  if (range.first >= range.end) return 0;
  const std::uint64_t first = relative(range.first);
  const std::uint64_t last = relative(range.end) - 1;
  const std::int64_t before = count_;
  for (std::uint64_t at = first; at <= last;) {
    const auto number = static_cast<std::uint32_t>(at / kChunkOffsets);
    const std::uint64_t chunk_begin = std::uint64_t{number} * kChunkOffsets;
    const std::uint64_t chunk_last = std::min(last, chunk_begin + kChunkOffsets - 1);
    auto chunk = chunks_.begin() + (find(number) - chunks_.cbegin());
    if (chunk == chunks_.end() || chunk->number != number) chunk = chunks_.insert(chunk, Chunk{.number = number});
    const std::uint32_t had = chunk->count;
    chunk->insert(static_cast<std::uint32_t>(at - chunk_begin), static_cast<std::uint32_t>(chunk_last - chunk_begin));
    count_ += chunk->count - had;
    at = chunk_last + 1;
  }
  return count_ - before;
}

bool ErasedSet::contains(Offset offset) const {
  const std::uint64_t at = relative(offset);
  const auto chunk = find(static_cast<std::uint32_t>(at / kChunkOffsets));
  return chunk != chunks_.end() && chunk->number == at / kChunkOffsets && chunk->contains(at % kChunkOffsets);
}

Offset ErasedSet::next_live(Offset from) const {
  std::uint64_t at = relative(from);
  for (auto chunk = find(static_cast<std::uint32_t>(at / kChunkOffsets)); chunk != chunks_.end(); ++chunk) {
    if (chunk->number != at / kChunkOffsets) break;  // this chunk has nothing erased
    const std::uint32_t live = chunk->next(at % kChunkOffsets, false);
    at = std::uint64_t{chunk->number} * kChunkOffsets + live;
    if (live != kChunkOffsets) break;
  }
  return base_ + static_cast<std::int64_t>(at);
}

Offset ErasedSet::next_erased(Offset from, Offset end) const {
  if (from >= end) return end;
  const std::uint64_t at = relative(from);
  const std::uint64_t stop = relative(end);
  for (auto chunk = find(static_cast<std::uint32_t>(at / kChunkOffsets)); chunk != chunks_.end(); ++chunk) {
    const std::uint64_t chunk_begin = std::uint64_t{chunk->number} * kChunkOffsets;
    if (chunk_begin >= stop) break;
    const std::uint32_t erased = chunk->next(at > chunk_begin ? static_cast<std::uint32_t>(at - chunk_begin) : 0, true);
    if (erased != kChunkOffsets) return std::min(end, base_ + static_cast<std::int64_t>(chunk_begin + erased));
  }
  return end;
}

std::int64_t ErasedSet::count(OffsetRange range) const {
  if (range.first >= range.end) return 0;
  const std::uint64_t first = relative(range.first);
  const std::uint64_t last = relative(range.end) - 1;
  std::int64_t total = 0;
  for (auto chunk = find(static_cast<std::uint32_t>(first / kChunkOffsets)); chunk != chunks_.end(); ++chunk) {
    const std::uint64_t chunk_begin = std::uint64_t{chunk->number} * kChunkOffsets;
    if (chunk_begin > last) break;
    const std::uint64_t chunk_first = std::max(first, chunk_begin) - chunk_begin;
    const std::uint64_t chunk_last = std::min(last, chunk_begin + kChunkOffsets - 1) - chunk_begin;
    total += chunk->count_between(static_cast<std::uint32_t>(chunk_first), static_cast<std::uint32_t>(chunk_last));
  }
  return total;
}

std::size_t ErasedSet::memory_bytes() const {
  std::size_t bytes = sizeof *this + chunks_.capacity() * sizeof(Chunk);
  for (const Chunk& chunk : chunks_) bytes += chunk.runs.capacity() * sizeof(Run) + (chunk.bits ? kChunkBytes : 0);
  return bytes;
}

void ErasedSet::Chunk::insert(std::uint32_t first, std::uint32_t last) {
  if (full()) return;
  if (bits) insert_bits(first, last);
  else insert_run(first, last);

  if (full()) become_full();
  else if (!bits && run_count > kMaxRuns) become_bits();
  else if (bits && run_count <= kMaxRuns / 2) become_runs();  // half, so that a chunk at the limit does not change form at each insertion
  FIRTH_ASSERT(count > 0 && count <= kChunkOffsets);
}

void ErasedSet::Chunk::insert_run(std::uint32_t first, std::uint32_t last) {
  // The runs from `begin` to `end` touch or overlap the new one, and are replaced by what they make together.
  if (runs.size() == runs.capacity()) runs.reserve(std::min(runs.size() + std::max<std::size_t>(4, runs.size() / 4), kMaxRuns + 1));
  auto begin = runs.end();  // erasing goes mostly upward
  if (!runs.empty() && runs.back().last + 1u >= first)
    begin = std::lower_bound(runs.begin(), runs.end(), first, [](const Run& run, std::uint32_t at) { return run.last + 1u < at; });
  auto end = begin;
  std::uint32_t had = 0;
  for (; end != runs.end() && end->first <= last + 1; ++end) had += end->last - end->first + 1u;
  if (begin == end) {
    runs.insert(begin, Run{static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last)});
    count += last - first + 1;
  } else {
    const std::uint32_t merged_first = std::min<std::uint32_t>(first, begin->first);
    const std::uint32_t merged_last = std::max<std::uint32_t>(last, std::prev(end)->last);
    *begin = Run{static_cast<std::uint16_t>(merged_first), static_cast<std::uint16_t>(merged_last)};
    runs.erase(std::next(begin), end);
    count += merged_last - merged_first + 1 - had;
  }
  run_count = static_cast<std::uint32_t>(runs.size());
}

void ErasedSet::Chunk::insert_bits(std::uint32_t first, std::uint32_t last) {
  const auto bit = [&](std::uint32_t at) { return (bits[at / 64] >> (at % 64)) & 1; };
  std::uint32_t at = first;
  while (at <= last) {
    if (bit(at)) {
      at = next(at, false);
      continue;
    }
    // [at, gap_last] is a gap, or its part inside the range: filling it makes, extends or joins runs.
    const std::uint32_t gap_last = std::min(last, next(at, true) - 1);
    const bool joins_left = at > 0 && bit(at - 1);
    const bool joins_right = gap_last + 1 < kChunkOffsets && bit(gap_last + 1);
    for (std::uint32_t word = at / 64; word <= gap_last / 64; ++word) {
      std::uint64_t mask = ~std::uint64_t{0};
      if (word == at / 64) mask &= ~std::uint64_t{0} << (at % 64);
      if (word == gap_last / 64) mask &= ~std::uint64_t{0} >> (63 - gap_last % 64);
      bits[word] |= mask;
    }
    count += gap_last - at + 1;
    run_count = run_count + 1 - joins_left - joins_right;
    at = gap_last + 1;
  }
}

void ErasedSet::Chunk::become_bits() {
  const std::vector<Run> old = std::exchange(runs, {});
  bits = std::make_unique<std::uint64_t[]>(kChunkWords);
  count = run_count = 0;
  for (const Run& run : old) insert_bits(run.first, run.last);
}

void ErasedSet::Chunk::become_runs() {
  runs = list_runs();
  bits.reset();
}

void ErasedSet::Chunk::become_full() {
  std::vector<Run>().swap(runs);  // assigning {} would keep the memory
  bits.reset();
  run_count = 1;
}

std::uint32_t ErasedSet::Chunk::next(std::uint32_t from, bool erased) const {
  if (full()) return erased ? from : kChunkOffsets;
  if (bits) {
    const std::uint64_t flip = erased ? 0 : ~std::uint64_t{0};
    std::uint64_t word = from < kChunkOffsets ? (bits[from / 64] ^ flip) & (~std::uint64_t{0} << (from % 64)) : 0;
    for (std::size_t index = from / 64;;) {
      if (word != 0) return static_cast<std::uint32_t>(index * 64) + static_cast<std::uint32_t>(std::countr_zero(word));
      if (++index >= kChunkWords) return kChunkOffsets;
      word = bits[index] ^ flip;
    }
  }
  const auto run = std::lower_bound(runs.begin(), runs.end(), from, [](const Run& r, std::uint32_t at) { return r.last < at; });
  const bool inside = run != runs.end() && run->first <= from;
  if (erased) return inside ? from : (run == runs.end() ? kChunkOffsets : run->first);
  return inside ? run->last + 1u : from;
}

std::uint32_t ErasedSet::Chunk::count_between(std::uint32_t first, std::uint32_t last) const {
  if (full()) return last - first + 1;
  if (first == 0 && last == kChunkOffsets - 1) return count;
  std::uint32_t total = 0;
  for (std::uint32_t at = next(first, true); at <= last;) {
    const std::uint32_t end = std::min(last + 1, next(at, false));
    total += end - at;
    at = next(end, true);
  }
  return total;
}

std::vector<ErasedSet::Run> ErasedSet::Chunk::list_runs() const {
  if (!bits) return runs;
  std::vector<Run> list;
  list.reserve(run_count);
  for (std::uint32_t at = next(0, true); at < kChunkOffsets;) {
    const std::uint32_t end = next(at, false);
    list.push_back({static_cast<std::uint16_t>(at), static_cast<std::uint16_t>(end - 1)});
    at = next(end, true);
  }
  return list;
}

bool operator==(const ErasedSet& a, const ErasedSet& b) {
  // Equal sets may stand in different forms: the limits between them lie apart. Runs are unique.
  return a.base_ == b.base_ && a.count_ == b.count_ &&
         std::equal(a.chunks_.begin(), a.chunks_.end(), b.chunks_.begin(), b.chunks_.end(), [](const auto& x, const auto& y) {
           return x.number == y.number && x.count == y.count && x.list_runs() == y.list_runs();
         });
}

}  // namespace firth::log
