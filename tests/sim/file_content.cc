#include "tests/sim/file_content.h"

#include <algorithm>

#include "base/assert.h"

namespace firth::sim {
namespace {

constexpr std::size_t kMaxVersions = 4;  // of a sector, and of a size: what lies further back is as good as what is kept

// How the dirty sectors of one file end. Left to a coin for each sector, a file of fifty would never be found whole, empty or cut.
enum Fate : std::uint64_t { kAllKept, kAllLost, kCut, kCutToo, kMixed, kMixedToo, kFateCount };

std::array<std::byte, kSectorBytes> sector_at(const std::vector<std::byte>& content, std::uint64_t index) {
  std::array<std::byte, kSectorBytes> sector{};
  const std::uint64_t begin = index * kSectorBytes;
  if (begin < content.size()) std::memcpy(sector.data(), content.data() + begin, std::min(kSectorBytes, content.size() - begin));
  return sector;
}

void put_sector(std::vector<std::byte>& content, std::uint64_t index, const std::array<std::byte, kSectorBytes>& sector) {
  const std::uint64_t begin = index * kSectorBytes;
  if (begin < content.size()) std::memcpy(content.data() + begin, sector.data(), std::min(kSectorBytes, content.size() - begin));
}

}  // namespace

std::size_t FileContent::read(std::uint64_t position, MutableBytes out) const {
  if (position >= cached_.size()) return 0;
  const std::size_t count = std::min<std::uint64_t>(out.size(), cached_.size() - position);
  if (count > 0) std::memcpy(out.data(), cached_.data() + position, count);
  return count;
}

void FileContent::write(std::uint64_t position, ByteView bytes) {
  if (bytes.empty()) return;
  const std::uint64_t end = position + bytes.size();
  if (end > cached_.size()) resize(end);
  mark_dirty(position, end);
  std::memcpy(cached_.data() + position, bytes.data(), bytes.size());
}

void FileContent::truncate(std::uint64_t size) {
  if (size != cached_.size()) resize(size);
}

void FileContent::resize(std::uint64_t size) {
  const std::uint64_t before = cached_.size();
  if (size < before) {
    for (auto at = dirty_.lower_bound(size / kSectorBytes); at != dirty_.end(); ++at) keep_version(at->first, at->second);
  } else {
    mark_dirty(before, std::min<std::uint64_t>(size, platter_.size()));  // zeroes, where the platter has what was cut off
  }
  cached_.resize(size);
  if (sizes_.size() == kMaxVersions) sizes_.erase(sizes_.begin());
  sizes_.push_back(size);
}

void FileContent::keep_version(std::uint64_t index, DirtySector& sector) {
  if (sector.versions.size() == kMaxVersions) sector.versions.erase(sector.versions.begin());
  sector.versions.push_back(sector_at(cached_, index));
}

void FileContent::mark_dirty(std::uint64_t begin, std::uint64_t end) {
  while (begin < end) {
    const std::uint64_t index = begin / kSectorBytes;
    const std::uint64_t sector_begin = index * kSectorBytes;
    const std::uint64_t part_end = std::min(end, sector_begin + kSectorBytes);
    const auto [at, is_new] = dirty_.try_emplace(index);
    if (!is_new) keep_version(index, at->second);
    if (part_end - begin == kSectorBytes) {
      at->second.written.set();
    } else {
      for (std::uint64_t i = begin; i < part_end; ++i) at->second.written.set(i - sector_begin);
    }
    begin = part_end;
  }
}

void FileContent::sync() {
  if (!sizes_.empty()) platter_.resize(cached_.size());
  for (const auto& [index, sector] : dirty_) put_sector(platter_, index, sector_at(cached_, index));
  dirty_.clear();
  sizes_.clear();
}

std::uint64_t FileContent::settle_size(Random& random, std::uint64_t fate) const {
  if (sizes_.empty() || (fate == kAllLost && !random.one_in(4))) return platter_.size();
  if (fate == kAllKept || random.one_in(2)) return sizes_.back();
  const std::uint64_t choice = random.below(sizes_.size() + 1);
  return choice == sizes_.size() ? platter_.size() : sizes_[choice];
}

FileContent::Sector FileContent::garble(Random& random, const Sector& before, const Sector& now, const DirtySector& sector,
                                        Neighbours neighbours) const {
  Sector result = now;
  switch (random.below(4)) {
    case 0:
      random.fill(result);
      break;
    case 1:
      result.fill(std::byte{0});
      break;
    case 2:
      result[random.below(kSectorBytes)] ^= static_cast<std::byte>(1u << random.below(8));
      break;
    default: {
      const auto tear = static_cast<std::ptrdiff_t>(random.below(kSectorBytes));
      std::copy(before.begin() + tear, before.end(), result.begin() + tear);
    }
  }
  if (neighbours == Neighbours::kSpared) {
    for (std::size_t i = 0; i < kSectorBytes; ++i)
      if (!sector.written.test(i)) result[i] = now[i];
  }
  return result;
}

void FileContent::settle(Random& random, Neighbours neighbours) {
  if (!is_dirty()) return;
  const std::uint64_t fate = random.below(kFateCount);
  std::vector<std::byte> found = platter_;
  found.resize(settle_size(random, fate));
  const std::uint64_t cut = dirty_.empty() ? 0 : random.below(dirty_.size());
  std::uint64_t position = 0;
  for (const auto& [index, sector] : dirty_) {
    const std::uint64_t place = position++;
    const std::uint64_t chance = random.below(8);
    const bool is_cut = fate == kCut || fate == kCutToo;
    const bool lost = fate == kAllLost || (is_cut && place > cut) || (fate >= kMixed && chance < 3);
    if (lost) continue;
    const Sector now = sector_at(cached_, index);
    const bool garbled = (is_cut && place == cut) || (fate >= kMixed && chance == 3);
    if (garbled) {
      put_sector(found, index, garble(random, sector_at(platter_, index), now, sector, neighbours));
    } else if (fate >= kMixed && !sector.versions.empty() && chance == 4) {
      put_sector(found, index, sector.versions[random.below(sector.versions.size())]);
    } else {
      put_sector(found, index, now);
    }
  }
  platter_ = std::move(found);
  dirty_.clear();
  sizes_.clear();
}

void FileContent::flip_bit(std::uint64_t position, int bit) {
  FIRTH_ASSERT(position < cached_.size());
  const auto mask = static_cast<std::byte>(1u << bit);
  cached_[position] ^= mask;
  if (position < platter_.size()) platter_[position] ^= mask;
}

}  // namespace firth::sim
