// A fast keyed hash of short texts: multiply and fold, 16 bytes a step. Names come from clients, so tables that they can fill take a
// random seed: without it one client could make all its names collide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace firth::subject {

namespace hash_detail {

inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}
inline std::uint64_t read64(const char* from) {
  std::uint64_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
inline std::uint64_t read32(const char* from) {
  std::uint32_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace hash_detail

inline std::uint64_t hash_text(std::string_view text, std::uint64_t seed) {
  using namespace hash_detail;
  constexpr std::uint64_t kFirst = 0xA0761D6478BD642Fu;
  constexpr std::uint64_t kSecond = 0xE7037ED1A0B428DBu;
  const char* at = text.data();
  std::size_t left = text.size();
  seed ^= kFirst;
  while (left > 16) {
    seed = fold(read64(at) ^ kSecond, read64(at + 8) ^ seed);
    at += 16;
    left -= 16;
  }
  // What is left is read as two words that may overlap: no byte loop, and no byte outside the text.
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  if (left >= 8) {
    low = read64(at);
    high = read64(at + left - 8);
  } else if (left >= 4) {
    low = read32(at);
    high = read32(at + left - 4);
  } else if (left > 0) {
    low = static_cast<std::uint64_t>(static_cast<unsigned char>(at[0])) << 16 |
          static_cast<std::uint64_t>(static_cast<unsigned char>(at[left / 2])) << 8 | static_cast<unsigned char>(at[left - 1]);
  }
  return fold(kSecond ^ text.size(), fold(low ^ kSecond, high ^ seed));
}

}  // namespace firth::subject
