#include "tests/sim/paged_bytes.h"

#include <algorithm>

#include "base/assert.h"

namespace firth::sim {
namespace {

constexpr PagedBytes::Page kZeroes{};

bool is_zero(const std::byte* bytes, std::size_t size) { return std::memcmp(bytes, kZeroes.data(), size) == 0; }

}  // namespace

void PagedBytes::resize(std::uint64_t size) {
  pages_.resize((size + kPageBytes - 1) / kPageBytes);
  const bool shrinks = size < size_;
  size_ = size;
  if (shrinks) clear_behind_end();
}

void PagedBytes::clear_behind_end() {
  const std::size_t rest = size_ % kPageBytes;
  if (rest == 0 || pages_.back() == nullptr) return;
  auto page = std::make_shared<Page>(*pages_.back());
  std::fill(page->begin() + static_cast<std::ptrdiff_t>(rest), page->end(), std::byte{0});
  pages_.back() = std::move(page);
}

std::size_t PagedBytes::read(std::uint64_t position, MutableBytes out) const {
  if (position >= size_) return 0;
  const std::size_t total = std::min<std::uint64_t>(out.size(), size_ - position);
  std::size_t done = 0;
  while (done < total) {
    const std::size_t from = position % kPageBytes;
    const std::size_t part = std::min(kPageBytes - from, total - done);
    const PagePointer& page = pages_[position / kPageBytes];
    std::memcpy(out.data() + done, (page == nullptr ? kZeroes : *page).data() + from, part);
    done += part;
    position += part;
  }
  return total;
}

void PagedBytes::write(std::uint64_t position, ByteView bytes) {
  FIRTH_ASSERT(position + bytes.size() <= size_);
  while (!bytes.empty()) {
    const std::size_t from = position % kPageBytes;
    const std::size_t part = std::min(kPageBytes - from, bytes.size());
    PagePointer& page = pages_[position / kPageBytes];
    if (!is_zero(bytes.data(), part) || (page != nullptr && part < kPageBytes)) {
      auto changed = std::make_shared<Page>(page == nullptr ? kZeroes : *page);
      std::memcpy(changed->data() + from, bytes.data(), part);
      page = std::move(changed);
    } else if (page != nullptr) {
      page = nullptr;
    }
    bytes = bytes.subspan(part);
    position += part;
  }
}

void PagedBytes::set_page(std::uint64_t index, PagePointer page) {
  if (index >= pages_.size()) return;
  pages_[index] = page == nullptr || is_zero(page->data(), kPageBytes) ? nullptr : std::move(page);
  if (index + 1 == pages_.size()) clear_behind_end();
}

}  // namespace firth::sim
