// Blocks that out-buffers of one loop emptied, for those that fill next. A busy connection fills and empties 64 KB a turn; memory that goes
// back to the system each time comes back as page faults, which cost more than what is written to it (a quarter of a fan-out to ten).
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/shared_bytes.h"

namespace firth::runtime {

class BlockPool {
 public:
  static constexpr std::size_t kBlockBytes = 64 * 1024;
  static constexpr std::size_t kMostBlocks = 64;  // 4 MiB, kept for the next burst

  // A block of at least `size` bytes that only the caller sees: the one that was given last (its cache lines are warm), or a new one.
  SharedBytes take(std::size_t size) {
    if (blocks_.empty() || size > kBlockBytes) return SharedBytes::allocate(size);
    SharedBytes block = std::move(blocks_.back());
    blocks_.pop_back();
    return block;
  }
  // Keeps it if it has the size, nobody else holds it and there is room; else lets go of it.
  void give(SharedBytes block) {
    if (block.size() == kBlockBytes && blocks_.size() < kMostBlocks && block.unique()) blocks_.push_back(std::move(block));
  }
  std::size_t size() const { return blocks_.size(); }

 private:
  std::vector<SharedBytes> blocks_;
};

}  // namespace firth::runtime
