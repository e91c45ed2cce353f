// Where the sockets of one loop are read to, one after the other: a connection that waits owns no buffer. What is read is handed on as
// slices; once nobody holds one any more, the block is used again from its (cache-warm) front, else behind them, or a new one is made.
#pragma once

#include <cstddef>

#include "base/shared_bytes.h"

namespace firth::runtime {

class ReadBlock {
 public:
  static constexpr std::size_t kBytes = 256 * 1024;
  static constexpr std::size_t kLeastRoom = 64 * 1024;

  // Room for at least kLeastRoom bytes, valid until the next call.
  MutableBytes room();
  // The first bytes of that room, which the caller has filled.
  SharedBytes slice(std::size_t size) const { return block_.slice(used_, size); }
  // The slices of that many bytes were handed on, and may be held.
  void finish(std::size_t size) { used_ += size; }

 private:
  SharedBytes block_;
  std::byte* memory_ = nullptr;
  std::size_t used_ = 0;
};

}  // namespace firth::runtime
