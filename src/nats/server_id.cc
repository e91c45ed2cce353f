#include "nats/server_id.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

namespace firth::nats {

namespace {

constexpr std::byte kServerPrefix{13 << 3};  // 'N' in base32

// CRC-16/XMODEM, bit by bit: 33 bytes once per start.
std::uint16_t crc16(std::span<const std::byte> bytes) {
  constexpr unsigned kPolynomial = 0x1021;
  unsigned crc = 0;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<unsigned>(byte) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? crc << 1 ^ kPolynomial : crc << 1;
  }
  return static_cast<std::uint16_t>(crc);
}

}  // namespace

std::string make_server_id(const std::array<std::byte, 32>& key) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::array<std::byte, 35> raw;
  raw[0] = kServerPrefix;
  std::copy(key.begin(), key.end(), raw.begin() + 1);
  const std::uint16_t crc = crc16(std::span(raw).first(33));
  raw[33] = static_cast<std::byte>(crc & 0xFF);
  raw[34] = static_cast<std::byte>(crc >> 8);

  std::string id;
  static_assert(raw.size() % 5 == 0);  // 5 bytes are 8 characters: no padding
  for (std::size_t group = 0; group < raw.size(); group += 5) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < 5; ++i) bits = bits << 8 | std::to_integer<std::uint64_t>(raw[group + i]);
    for (int shift = 35; shift >= 0; shift -= 5) id += kAlphabet[bits >> shift & 31];
  }
  return id;
}

}  // namespace firth::nats
