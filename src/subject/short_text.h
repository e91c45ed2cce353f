// ShortText: an immutable text in 16 bytes. Up to 12 characters are held in place, longer ones on the heap with their first four beside
// the length, so that most comparisons end without touching the heap.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/assert.h"

namespace firth::subject {

class ShortText {
 public:
  ShortText() = default;
  explicit ShortText(std::string_view text) : length_(static_cast<std::uint32_t>(text.size())) {
    FIRTH_ASSERT(text.size() <= UINT32_MAX);
    if (text.size() <= kInline) {
      text.copy(bytes_.data(), kInline);  // not memcpy: an empty text may have no address
      return;
    }
    char* const heap = new char[text.size()];
    std::memcpy(heap, text.data(), text.size());
    std::memcpy(bytes_.data(), text.data(), kPrefix);
    std::memcpy(bytes_.data() + kPrefix, &heap, sizeof heap);
  }
  ShortText(ShortText&& other) noexcept : length_(std::exchange(other.length_, 0)), bytes_(other.bytes_) {}
  ShortText& operator=(ShortText&& other) noexcept {
    std::swap(length_, other.length_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~ShortText() {
    if (length_ > kInline) delete[] heap();
  }

  std::string_view view() const { return {length_ <= kInline ? bytes_.data() : heap(), length_}; }
  std::size_t heap_bytes() const { return length_ <= kInline ? 0 : length_; }

  bool operator==(std::string_view text) const {
    if (text.size() != length_) return false;
    if (length_ > kInline && std::memcmp(bytes_.data(), text.data(), kPrefix) != 0) return false;
    return view() == text;
  }

 private:
  static constexpr std::size_t kInline = 12;
  static constexpr std::size_t kPrefix = 4;
  const char* heap() const {
    const char* pointer;
    std::memcpy(&pointer, bytes_.data() + kPrefix, sizeof pointer);
    return pointer;
  }

  std::uint32_t length_ = 0;
  std::array<char, kInline> bytes_{};
};
static_assert(sizeof(ShortText) == 16);

}  // namespace firth::subject
