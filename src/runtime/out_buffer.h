// What waits to be written to one connection: small pieces are copied into blocks, large ones are held by reference. One writev sends all.
// A copy is cheaper than a reference below about kReferenceBytes (counting, slicing, one more iovec).
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/shared_bytes.h"

namespace firth::runtime {

inline constexpr std::size_t kReferenceBytes = 4096;

class OutBuffer {
 public:
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

 private:
  struct Chunk {
    SharedBytes bytes;  // a reference, or a block of ours that is filled up to `end`
    std::size_t begin = 0;
    std::size_t end = 0;
    bool own = false;
  };
  Chunk& open_block(std::size_t size);

  std::deque<Chunk> chunks_;
  SharedBytes spare_;  // one emptied block, kept for the next bytes
  std::size_t size_ = 0;
};

}  // namespace firth::runtime
