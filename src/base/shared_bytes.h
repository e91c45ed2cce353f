// SharedBytes: a slice of an immutable, reference-counted block of bytes. What many receivers share (a large payload in fan-out, the tail
// of a log) is held by reference and copied by nobody. Copying a SharedBytes costs one atomic increment; any thread may hold one.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"

namespace firth {

class SharedBytes {
 public:
  SharedBytes() = default;
  SharedBytes(const SharedBytes& other) : block_(other.block_), view_(other.view_) {
    if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  SharedBytes(SharedBytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)), view_(std::exchange(other.view_, {})) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(block_, other.block_);
    std::swap(view_, other.view_);
    return *this;
  }
  ~SharedBytes() { release(); }

  // A new block of `size` bytes that only the caller sees yet; fill it through `writable` before it is shared.
  static SharedBytes allocate(std::size_t size);
  static SharedBytes copy(ByteView bytes);
  MutableBytes writable() {
    FIRTH_ASSERT(block_ != nullptr && block_->references.load(std::memory_order_relaxed) == 1);
    return {const_cast<std::byte*>(view_.data()), view_.size()};
  }

  // Nobody else holds the block: what they did with it has happened before, and nobody can come to hold it but through this object.
  bool unique() const { return block_ != nullptr && block_->references.load(std::memory_order_acquire) == 1; }
  // For the one who knows that nobody else reads these bytes yet, though others hold slices of the block.
  MutableBytes writable_by_owner() { return {const_cast<std::byte*>(view_.data()), view_.size()}; }

  ByteView view() const { return view_; }
  const std::byte* data() const { return view_.data(); }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }

  // REQUIRES: offset + length <= size().
  SharedBytes slice(std::size_t offset, std::size_t length) const {
    FIRTH_ASSERT(offset <= view_.size() && length <= view_.size() - offset);
    SharedBytes part(*this);
    part.view_ = view_.subspan(offset, length);
    return part;
  }

 private:
  struct Block {
    std::atomic<std::uint32_t> references{1};
  };
  void release();

  Block* block_ = nullptr;
  ByteView view_;
};

}  // namespace firth
