// The input of one connection: what the handler has not consumed yet, and where the next bytes are read to.
//
//   nothing left over     read into the loop's shared block; this object owns nothing
//   a small rest          kept in a buffer of its own size, copied in front of what is read next, so that the two are one piece
//   a large frame begun   a buffer of the expected size, read into directly: each byte is copied once; what follows the frame spills
//                         into the shared block
//
// A connection that is quiet between two messages is the first case: it costs no memory.
#pragma once

#include <sys/uio.h>

#include <array>

#include "runtime/network.h"
#include "runtime/read_block.h"

namespace firth::runtime {

class InputBuffer {
 public:
  // Rests up to this size are copied rather than given a buffer to grow in.
  static constexpr std::size_t kSmallRest = 16 * 1024;
  static_assert(kSmallRest < ReadBlock::kLeastRoom);

  // Where to read to, in order, for one readv; then received() says how many bytes came.
  struct Target {
    std::array<iovec, 2> parts;
    std::size_t count;
  };
  Target prepare(ReadBlock& block);
  void received(ReadBlock& block, std::size_t size);

  // Hands what is there to the handler, if it is as much as is expected: after received(), and when input was resumed. `halted` is
  // looked at before each call, for the handler may have paused or closed in the one before.
  void deliver(ConnectionHandler& handler, const bool& halted);

  void expect(std::size_t bytes) { expected_ = bytes; }
  std::size_t size() const { return rest_.size() + spilled_.size(); }
  std::size_t capacity() const { return buffer_.empty() ? 0 : buffer_.size() - begin_; }  // of the buffer that it owns

 private:
  void move_rest(std::size_t capacity);
  void join_spilled();
  void settle();

  SharedBytes buffer_;           // of our own, or empty
  std::byte* memory_ = nullptr;  // its bytes; written only behind rest_
  std::size_t begin_ = 0;        // where rest_ begins in it
  SharedBytes rest_;             // not consumed: a slice of buffer_, or between received() and settle() of the shared block
  SharedBytes spilled_;          // what was read behind a full buffer_
  std::size_t expected_ = 0;
};

}  // namespace firth::runtime
