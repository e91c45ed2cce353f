#include "runtime/out_buffer.h"

#include <algorithm>
#include <utility>

namespace firth::runtime {
namespace {

constexpr std::size_t kKeptChunks = 8;  // of an empty buffer's vector

}  // namespace

bool OutBuffer::extends_last(const std::byte* at) const {
  return first_ != chunks_.size() && chunks_.back().bytes.data() + chunks_.back().bytes.size() == at;
}

// The smallest is the connection's own; who needs more gets as much as the pool has, at once.
SharedBytes OutBuffer::make_block(std::size_t size) {
  const std::size_t wanted = std::max(size, std::clamp(size_ * 2, kSmallestBlockBytes, kLargestBlockBytes));
  if (pool_ == nullptr || wanted == kSmallestBlockBytes) return SharedBytes::allocate(wanted);
  // Who needs a quarter is busy: a whole block, which can be given back.
  return pool_->take(wanted > kLargestBlockBytes / 4 ? std::max(wanted, kLargestBlockBytes) : wanted);
}

void OutBuffer::let_go(SharedBytes block) {
  if (pool_ != nullptr) pool_->give(std::move(block));
}

std::byte* OutBuffer::reserve(std::size_t size) {
  if (memory_ == nullptr || block_.size() - used_ < size) {
    block_ = make_block(size);
    memory_ = block_.writable().data();
    used_ = 0;
  }
  reserved_ = size;
  return memory_ + used_;
}

void OutBuffer::commit(std::size_t used) {
  FIRTH_ASSERT(used <= reserved_);
  reserved_ = 0;
  if (used == 0) return;
  std::byte* const start = memory_ + used_;
  if (extends_last(start)) {
    ByteView& last = chunks_.back().bytes;
    last = {last.data(), last.size() + used};
  } else {
    chunks_.push_back({block_, {start, used}});
  }
  used_ += used;
  size_ += used;
}

void OutBuffer::append(ByteView bytes) {
  if (bytes.empty()) return;
  std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
  commit(bytes.size());
}

void OutBuffer::append(SharedBytes bytes) {
  if (bytes.size() < kReferenceBytes) return append(bytes.view());
  size_ += bytes.size();
  const ByteView view = bytes.view();
  chunks_.push_back({std::move(bytes), view});
}

std::size_t OutBuffer::gather(std::span<ByteView> parts) const {
  const std::size_t count = std::min(parts.size(), chunks_.size() - first_);
  for (std::size_t i = 0; i < count; ++i) parts[i] = chunks_[first_ + i].bytes;
  return count;
}

void OutBuffer::consume(std::size_t bytes) {
  FIRTH_ASSERT(bytes <= size_);
  written_ += bytes;
  if (bytes == size_) return clear();
  size_ -= bytes;
  while (bytes >= chunks_[first_].bytes.size()) {
    bytes -= chunks_[first_].bytes.size();
    let_go(std::exchange(chunks_[first_++], {}).holder);
  }
  chunks_[first_].bytes = chunks_[first_].bytes.subspan(bytes);
  if (first_ >= kKeptChunks && first_ * 2 >= chunks_.size()) {  // so that a buffer that never runs empty does not grow
    chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void OutBuffer::clear() {
  for (; first_ != chunks_.size(); ++first_) let_go(std::move(chunks_[first_].holder));
  chunks_.clear();
  if (chunks_.capacity() > kKeptChunks) chunks_ = {};
  first_ = 0;
  size_ = 0;
  used_ = 0;
  if (block_.size() > kSmallestBlockBytes) {
    let_go(std::move(block_));
    memory_ = nullptr;
  }
}

}  // namespace firth::runtime
