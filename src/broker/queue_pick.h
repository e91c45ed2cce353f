// QueuePick: which member of a queue group gets the message: a random one, so that no member depends on who publishes. A multiply and a
// shift instead of a division, and a generator of three shifts (xorshift64) instead of the operating system: this runs per message.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/assert.h"

namespace firth::broker {

class QueuePick {
 public:
  explicit QueuePick(std::uint64_t seed) : state_(seed | 1) {}

  // A number below `members`. REQUIRES: members > 0.
  std::size_t below(std::size_t members) {
    FIRTH_DASSERT(members > 0);
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::size_t>(((state_ >> 32) * members) >> 32);
  }

 private:
  std::uint64_t state_;
};

}  // namespace firth::broker
