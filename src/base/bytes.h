// Views of bytes, and integers in them. Everything on the wire and in Kafka's formats is big-endian; our own formats are little-endian.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace firth {

using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline ByteView as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// REQUIRES: sizeof(T) readable (writable) bytes at the pointer. No alignment is needed.
template <std::integral T>
T load_be(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return std::byteswap(value);
}
template <std::integral T>
void store_be(std::byte* to, T value) {
  value = std::byteswap(value);
  std::memcpy(to, &value, sizeof value);
}
template <std::integral T>
T load_le(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <std::integral T>
void store_le(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof value);
}
static_assert(std::endian::native == std::endian::little);

}  // namespace firth
