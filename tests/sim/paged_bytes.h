// A byte string in pages that copies of it share until one of them is written to; a page of zeroes is no page. So cache and platter of a
// file cost what differs between them, and a journal file of 16 MiB that was filled with zeroes costs nothing.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace firth::sim {

class PagedBytes {
 public:
  static constexpr std::size_t kPageBytes = 4096;
  using Page = std::array<std::byte, kPageBytes>;
  using PagePointer = std::shared_ptr<const Page>;  // null: zeroes

  std::uint64_t size() const { return size_; }
  void resize(std::uint64_t size);  // what is new is zero
  std::size_t read(std::uint64_t position, MutableBytes out) const;
  void write(std::uint64_t position, ByteView bytes);  // REQUIRES: position + bytes.size() <= size()

  // A page beyond the end is zeroes; what is put there is ignored, and so are the bytes beyond the end within the last page.
  PagePointer page(std::uint64_t index) const { return index < pages_.size() ? pages_[index] : nullptr; }
  void set_page(std::uint64_t index, PagePointer page);

 private:
  void clear_behind_end();

  std::uint64_t size_ = 0;
  std::vector<PagePointer> pages_;
};

}  // namespace firth::sim
