#include "runtime/read_block.h"

namespace firth::runtime {

MutableBytes ReadBlock::room() {
  if (block_.unique()) used_ = 0;
  if (memory_ == nullptr || kBytes - used_ < kLeastRoom) {
    block_ = SharedBytes::allocate(kBytes);
    memory_ = block_.writable().data();
    used_ = 0;
  }
  return {memory_ + used_, kBytes - used_};
}

}  // namespace firth::runtime
