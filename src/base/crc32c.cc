#include "base/crc32c.h"

#include <nmmintrin.h>

#include <array>
#include <cstring>

namespace firth {
namespace {

// Three streams of kStream bytes run through the CRC unit side by side; two of them are then moved over the bytes that follow them by
// multiplying with x^(8 * kStream) in GF(2): a linear map, tabulated here by byte.
constexpr std::size_t kStream = 1024;
constexpr std::uint32_t kPolynomial = 0x82F63B78;  // Castagnoli, bits reversed

using Matrix = std::array<std::uint32_t, 32>;

constexpr std::uint32_t times(const Matrix& matrix, std::uint32_t vector) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; vector != 0; vector >>= 1, ++i)
    if (vector & 1) sum ^= matrix[i];
  return sum;
}

constexpr Matrix square(const Matrix& matrix) {
  Matrix result{};
  for (std::size_t i = 0; i < 32; ++i) result[i] = times(matrix, matrix[i]);
  return result;
}

// The map that appends kStream zero bytes to what a CRC was computed of.
constexpr Matrix shift_matrix() {
  Matrix bit{};  // one zero bit
  bit[0] = kPolynomial;
  for (std::size_t i = 1; i < 32; ++i) bit[i] = 1u << (i - 1);
  Matrix result = bit;
  for (std::size_t bits = 1; bits < kStream * 8; bits *= 2) result = square(result);
  return result;
}

using ShiftTable = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr ShiftTable make_shift_table() {
  const Matrix matrix = shift_matrix();
  ShiftTable table{};
  for (std::uint32_t n = 0; n < 256; ++n)
    for (std::uint32_t k = 0; k < 4; ++k) table[k][n] = times(matrix, n << (8 * k));
  return table;
}

constexpr ShiftTable kShift = make_shift_table();

std::uint32_t shift(std::uint32_t crc) {
  return kShift[0][crc & 0xFF] ^ kShift[1][(crc >> 8) & 0xFF] ^ kShift[2][(crc >> 16) & 0xFF] ^ kShift[3][crc >> 24];
}

std::uint64_t word(const std::byte* at) { return load_le<std::uint64_t>(at); }

}  // namespace

std::uint32_t crc32c(ByteView bytes, std::uint32_t before) {
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t crc = ~before;
  while (left >= 3 * kStream) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (const std::byte* const end = at + kStream; at != end; at += 8) {
      crc = _mm_crc32_u64(crc, word(at));
      second = _mm_crc32_u64(second, word(at + kStream));
      third = _mm_crc32_u64(third, word(at + 2 * kStream));
    }
    crc = shift(shift(static_cast<std::uint32_t>(crc)) ^ static_cast<std::uint32_t>(second)) ^ static_cast<std::uint32_t>(third);
    at += 2 * kStream;
    left -= 3 * kStream;
  }
  for (; left >= 8; left -= 8, at += 8) crc = _mm_crc32_u64(crc, word(at));
  for (; left > 0; --left, ++at) crc = _mm_crc32_u8(static_cast<std::uint32_t>(crc), static_cast<std::uint8_t>(*at));
  return ~static_cast<std::uint32_t>(crc);
}

}  // namespace firth
