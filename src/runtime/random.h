// The door to random numbers: for ids, nonces and jitter. A simulated run draws them from its seed.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace firth::runtime {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(MutableBytes out) = 0;  // from the operating system: fit for secrets

  std::uint64_t next() {
    std::uint64_t value;
    fill(std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  // Uniform in [0, bound). REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound) { return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64); }
};

std::unique_ptr<Random> make_random();

}  // namespace firth::runtime
