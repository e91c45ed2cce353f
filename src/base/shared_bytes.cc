#include "base/shared_bytes.h"

#include <new>

namespace firth {

SharedBytes SharedBytes::allocate(std::size_t size) {
  SharedBytes result;
  void* memory = ::operator new(sizeof(Block) + size);  // the bytes follow their counter
  result.block_ = new (memory) Block;
  result.view_ = {static_cast<const std::byte*>(memory) + sizeof(Block), size};
  return result;
}

SharedBytes SharedBytes::copy(ByteView bytes) {
  SharedBytes result = allocate(bytes.size());
  if (!bytes.empty()) std::memcpy(result.writable().data(), bytes.data(), bytes.size());
  return result;
}

void SharedBytes::release() {
  if (block_ != nullptr && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    block_->~Block();
    ::operator delete(block_);
  }
}

}  // namespace firth
