#include "runtime/input_buffer.h"

#include <algorithm>

#include "base/assert.h"

namespace firth::runtime {

InputBuffer::Target InputBuffer::prepare(ReadBlock& block) {
  const bool large = std::max(expected_, rest_.size()) > kSmallRest;
  if (large && capacity() < std::max(expected_, rest_.size() + 1)) move_rest(std::max(expected_, 2 * rest_.size()));
  const MutableBytes room = block.room();
  if (large) return {{{{memory_ + begin_ + rest_.size(), capacity() - rest_.size()}, {room.data(), room.size()}}}, 2};

  if (!rest_.empty()) std::memcpy(room.data(), rest_.data(), rest_.size());
  return {{{{room.data() + rest_.size(), room.size() - rest_.size()}, {}}}, 1};
}

void InputBuffer::received(ReadBlock& block, std::size_t size) {
  const std::size_t here = std::max(expected_, rest_.size()) > kSmallRest ? std::min(size, capacity() - rest_.size()) : 0;
  if (here != 0) {
    rest_ = buffer_.slice(begin_, rest_.size() + here);
    if (size == here) return;
    spilled_ = block.slice(size - here);
    block.finish(size - here);
  } else {
    const std::size_t total = rest_.size() + size;
    rest_ = block.slice(total);
    block.finish(total);
    buffer_ = {};
  }
}

void InputBuffer::deliver(ConnectionHandler& handler, const bool& halted) {
  while (!halted && !rest_.empty() && rest_.size() >= expected_) {
    expected_ = 0;
    const std::size_t consumed = handler.on_input(rest_);
    FIRTH_ASSERT(consumed <= rest_.size());
    begin_ += consumed;
    rest_ = rest_.slice(consumed, rest_.size() - consumed);
    if (spilled_.empty()) break;
    join_spilled();
  }
  settle();
}

void InputBuffer::join_spilled() {
  if (rest_.empty()) {
    rest_ = std::exchange(spilled_, {});
    buffer_ = {};
    return;
  }
  const std::size_t size = rest_.size() + spilled_.size();
  move_rest(std::max(expected_, size));
  std::memcpy(memory_ + rest_.size(), spilled_.data(), spilled_.size());
  rest_ = buffer_.slice(0, size);
  spilled_ = {};
}

// Moves what is left out of the shared block, which is not ours to hold, and out of a buffer that cannot take what is expected.
void InputBuffer::settle() {
  if (!spilled_.empty()) join_spilled();
  if (rest_.empty()) {
    rest_ = {};
    buffer_ = {};
    return;
  }
  const std::size_t needed = std::max(expected_ > kSmallRest ? expected_ : 0, rest_.size());
  const bool oversized = needed <= kSmallRest && buffer_.size() > kSmallRest;
  if (capacity() < needed || oversized) move_rest(needed);
}

void InputBuffer::move_rest(std::size_t capacity) {
  SharedBytes moved = SharedBytes::allocate(capacity);
  memory_ = moved.writable().data();
  if (!rest_.empty()) std::memcpy(memory_, rest_.data(), rest_.size());
  const std::size_t size = rest_.size();
  buffer_ = std::move(moved);
  begin_ = 0;
  rest_ = buffer_.slice(0, size);
}

}  // namespace firth::runtime
