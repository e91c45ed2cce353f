// Base-128 varints, least significant group first; signed ones zig-zag, as in Kafka's records and protobuf.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace firth {

inline constexpr std::size_t kMaxVarint32Bytes = 5;
inline constexpr std::size_t kMaxVarint64Bytes = 10;

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

constexpr std::size_t varint_size(std::uint64_t value) {
  std::size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}
constexpr std::size_t signed_varint_size(std::int64_t value) { return varint_size(zigzag(value)); }

// Writes at `to`, which has room; returns the position after.
inline std::byte* put_varint(std::byte* to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<std::byte>(value | 0x80);
  *to++ = static_cast<std::byte>(value);
  return to;
}
inline std::byte* put_signed_varint(std::byte* to, std::int64_t value) { return put_varint(to, zigzag(value)); }

// Reads one from the front of `from` and drops it there. False: truncated, or longer than the type allows; `from` is then unspecified.
bool get_varint(ByteView& from, std::uint64_t& value);
bool get_varint(ByteView& from, std::uint32_t& value);
bool get_signed_varint(ByteView& from, std::int64_t& value);
bool get_signed_varint(ByteView& from, std::int32_t& value);

}  // namespace firth
