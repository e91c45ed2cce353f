// Random numbers that follow from a seed alone (SplitMix64): the same on every machine, in every build.
#pragma once

#include <cstdint>
#include <cstring>

#include "runtime/random.h"

namespace firth::sim {

class Random final : public runtime::Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  void fill(MutableBytes out) override {
    while (!out.empty()) {
      const std::uint64_t value = step();
      const std::size_t part = out.size() < sizeof value ? out.size() : sizeof value;
      std::memcpy(out.data(), &value, part);
      out = out.subspan(part);
    }
  }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t step() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace firth::sim
