#include "tests/sim/file_content.h"

#include <algorithm>

#include "base/assert.h"

namespace firth::sim {
namespace {

constexpr std::size_t kMaxVersions = 4;  // of a page, and of a size: what lies further back is as good as what is kept

// How the dirty sectors of one file end. Left to a coin for each sector, a file of fifty would never be found whole, empty or cut.
enum Fate : std::uint64_t { kAllKept, kAllLost, kCut, kCutToo, kMixed, kMixedToo, kFateCount };

PagedBytes::Page copy_of(const PagedBytes::PagePointer& page) { return page == nullptr ? PagedBytes::Page{} : *page; }

}  // namespace

struct FileContent::Sector {
  std::span<std::byte, kSectorBytes> found;  // holds the platter's bytes, to be replaced
  std::span<const std::byte, kSectorBytes> now;
  const Written& written;
};

void FileContent::write(std::uint64_t position, ByteView bytes) {
  if (bytes.empty()) return;
  const std::uint64_t end = position + bytes.size();
  if (end > cached_.size()) resize(end);
  else if (end > platter_.size() && sizes_.empty()) sizes_.push_back(cached_.size());  // what grew was lost with a sync that failed
  mark_dirty(position, end);
  cached_.write(position, bytes);
}

void FileContent::truncate(std::uint64_t size) {
  if (size != cached_.size()) resize(size);
}

void FileContent::resize(std::uint64_t size) {
  const std::uint64_t before = cached_.size();
  if (size < before) {
    for (auto at = dirty_.lower_bound(size / PagedBytes::kPageBytes); at != dirty_.end(); ++at) keep_version(at->first, at->second);
  } else {
    mark_dirty(before, std::min(size, platter_.size()));  // zeroes, where the platter has what was cut off
  }
  cached_.resize(size);
  if (sizes_.size() == kMaxVersions) sizes_.erase(sizes_.begin());
  sizes_.push_back(size);
}

void FileContent::keep_version(std::uint64_t index, DirtyPage& page) {
  if (page.versions.size() == kMaxVersions) page.versions.erase(page.versions.begin());
  page.versions.push_back(cached_.page(index));
}

void FileContent::mark_dirty(std::uint64_t begin, std::uint64_t end) {
  while (begin < end) {
    const std::uint64_t index = begin / PagedBytes::kPageBytes;
    const std::uint64_t page_end = std::min(end, (index + 1) * PagedBytes::kPageBytes);
    const auto [at, is_new] = dirty_.try_emplace(index);
    if (!is_new) keep_version(index, at->second);
    while (begin < page_end) {
      const std::size_t from = begin % kSectorBytes;
      const std::uint64_t count = std::min<std::uint64_t>(page_end - begin, kSectorBytes - from);
      Written& written = at->second.written[begin % PagedBytes::kPageBytes / kSectorBytes];
      if (count == kSectorBytes) written.set();
      else written |= (Written().set() >> (kSectorBytes - count)) << from;
      begin += count;
    }
  }
}

void FileContent::sync() {
  if (!sizes_.empty()) platter_.resize(cached_.size());
  for (const auto& [index, page] : dirty_) {
    const bool whole = std::ranges::all_of(page.written, [](const Written& written) { return written.any(); });
    if (whole) {
      platter_.set_page(index, cached_.page(index));
      continue;
    }
    // Its clean sectors may differ, since a sync failed.
    auto found = std::make_shared<PagedBytes::Page>(copy_of(platter_.page(index)));
    const PagedBytes::Page now = copy_of(cached_.page(index));
    for (std::size_t i = 0; i < kSectorsPerPage; ++i)
      if (page.written[i].any()) std::memcpy(found->data() + i * kSectorBytes, now.data() + i * kSectorBytes, kSectorBytes);
    platter_.set_page(index, std::move(found));
  }
  dirty_.clear();
  sizes_.clear();
}

std::uint64_t FileContent::settle_size(Random& random, std::uint64_t fate) const {
  if (sizes_.empty() || (fate == kAllLost && !random.one_in(4))) return platter_.size();
  if (fate == kAllKept || random.one_in(2)) return sizes_.back();
  const std::uint64_t choice = random.below(sizes_.size() + 1);
  return choice == sizes_.size() ? platter_.size() : sizes_[choice];
}

void FileContent::garble(Random& random, const Sector& sector, Neighbours neighbours) {
  std::array<std::byte, kSectorBytes> result;
  std::ranges::copy(sector.now, result.begin());
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
      std::copy(sector.found.begin() + tear, sector.found.end(), result.begin() + tear);
    }
  }
  for (std::size_t i = 0; i < kSectorBytes; ++i) {
    const bool spared = neighbours == Neighbours::kSpared && !sector.written.test(i);
    sector.found[i] = spared ? sector.now[i] : result[i];
  }
}

void FileContent::settle(Random& random, Neighbours neighbours) {
  if (!is_dirty()) return;
  const std::uint64_t fate = random.below(kFateCount);
  std::uint64_t sector_count = 0;
  for (const auto& [index, page] : dirty_)
    sector_count += static_cast<std::uint64_t>(std::ranges::count_if(page.written, [](const Written& written) { return written.any(); }));
  const std::uint64_t size = settle_size(random, fate);
  const std::uint64_t cut = sector_count == 0 ? 0 : random.below(sector_count);
  std::uint64_t place = 0;
  PagedBytes result = platter_;
  result.resize(size);
  for (const auto& [index, page] : dirty_) {
    auto found = std::make_shared<PagedBytes::Page>(copy_of(result.page(index)));
    const PagedBytes::Page now = copy_of(cached_.page(index));
    for (std::size_t i = 0; i < kSectorsPerPage; ++i) {
      if (page.written[i].none()) continue;
      const Sector sector{std::span<std::byte, kSectorBytes>(found->data() + i * kSectorBytes, kSectorBytes),
                          std::span<const std::byte, kSectorBytes>(now.data() + i * kSectorBytes, kSectorBytes), page.written[i]};
      const std::uint64_t here = place++;
      const std::uint64_t chance = random.below(8);
      const bool is_cut = fate == kCut || fate == kCutToo;
      if (fate == kAllLost || (is_cut && here > cut) || (fate >= kMixed && chance < 3)) continue;
      if ((is_cut && here == cut) || (fate >= kMixed && chance == 3)) {
        garble(random, sector, neighbours);
      } else if (fate >= kMixed && chance == 4 && !page.versions.empty()) {
        const PagedBytes::Page version = copy_of(page.versions[random.below(page.versions.size())]);
        std::memcpy(sector.found.data(), version.data() + i * kSectorBytes, kSectorBytes);
      } else {
        std::memcpy(sector.found.data(), sector.now.data(), kSectorBytes);
      }
    }
    result.set_page(index, std::move(found));
  }
  platter_ = std::move(result);
  dirty_.clear();
  sizes_.clear();
}

void FileContent::flip_bit(std::uint64_t position, int bit) {
  FIRTH_ASSERT(position < cached_.size());
  const auto flip = [&](PagedBytes& bytes) {
    std::byte value;
    if (bytes.read(position, std::span(&value, 1)) == 0) return;
    value ^= static_cast<std::byte>(1u << bit);
    bytes.write(position, std::span(&value, 1));
  };
  flip(cached_);
  flip(platter_);
}

}  // namespace firth::sim
