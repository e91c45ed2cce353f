#include "base/varint.h"

#include <limits>

namespace firth {
namespace {

template <class T>
bool get(ByteView& from, T& value) {
  constexpr int kBits = std::numeric_limits<T>::digits;
  T result = 0;
  int shift = 0;
  for (std::size_t i = 0; i < from.size(); ++i, shift += 7) {
    const auto byte = static_cast<std::uint8_t>(from[i]);
    if (shift >= kBits) return false;
    if (shift + 7 > kBits && (byte & 0x7F) >> (kBits - shift) != 0) return false;  // bits that the type cannot hold
    result |= static_cast<T>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) {
      from = from.subspan(i + 1);
      value = result;
      return true;
    }
  }
  return false;
}

}  // namespace

bool get_varint(ByteView& from, std::uint64_t& value) { return get(from, value); }
bool get_varint(ByteView& from, std::uint32_t& value) { return get(from, value); }

bool get_signed_varint(ByteView& from, std::int64_t& value) {
  std::uint64_t raw;
  if (!get(from, raw)) return false;
  value = unzigzag(raw);
  return true;
}

bool get_signed_varint(ByteView& from, std::int32_t& value) {
  std::uint32_t raw;
  if (!get(from, raw)) return false;
  value = static_cast<std::int32_t>(unzigzag(raw));
  return true;
}

}  // namespace firth
