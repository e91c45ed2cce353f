// What waits to be written to one connection: small pieces are copied into blocks, large ones are held by reference. One writev sends all.
// A copy is cheaper than a reference below about kReferenceBytes (counting, slicing, one more iovec).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/shared_bytes.h"
#include "runtime/block_pool.h"

namespace firth::runtime {

inline constexpr std::size_t kReferenceBytes = 4096;
// Blocks grow with what waits. An empty buffer keeps one of the smallest at most, so that idle connections cost next to nothing.
inline constexpr std::size_t kSmallestBlockBytes = 1024;
inline constexpr std::size_t kLargestBlockBytes = BlockPool::kBlockBytes;

class OutBuffer {
 public:
  OutBuffer() = default;
  explicit OutBuffer(BlockPool& pool) : pool_(&pool) {}  // which outlives it

  // Room for `size` bytes at the end, contiguous, to be filled at once; commit(used) keeps the first of them.
  std::byte* reserve(std::size_t size);
  void commit(std::size_t used);

  void append(ByteView bytes);  // copies
  void append(std::string_view text) { append(as_bytes(text)); }
  void append(SharedBytes bytes);  // holds a reference from kReferenceBytes on, copies below

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // The first parts, for one writev; returns how many were filled. They stay valid until the buffer changes.
  std::size_t gather(std::span<ByteView> parts) const;
  void consume(std::size_t bytes);  // they were written. REQUIRES: bytes <= size()
  void clear();
  std::uint64_t written_bytes() const { return written_; }  // consumed since the start: whether the other side takes what it gets

 private:
  // A part of the buffer: bytes of the open block, or of a block that others share.
  struct Chunk {
    SharedBytes holder;
    ByteView bytes;
  };
  bool extends_last(const std::byte* at) const;
  SharedBytes make_block(std::size_t size);
  void let_go(SharedBytes block);

  BlockPool* pool_ = nullptr;
  std::vector<Chunk> chunks_;  // those before first_ are written
  std::size_t first_ = 0;
  SharedBytes block_;            // the open one: small pieces are copied to its end
  std::byte* memory_ = nullptr;  // its bytes; written only behind what chunks already show
  std::size_t used_ = 0;
  std::size_t reserved_ = 0;
  std::size_t size_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace firth::runtime
