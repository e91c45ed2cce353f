#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace firth {
namespace {

std::uint32_t bit_by_bit(ByteView bytes) {
  std::uint32_t crc = ~0u;
  for (const std::byte byte : bytes) {
    crc ^= static_cast<std::uint8_t>(byte);
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0);
  }
  return ~crc;
}

TEST(Crc32c, KnownValues) {
  EXPECT_EQ(crc32c({}), 0u);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u);            // the check value of every catalogue
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\0'))), 0x8A9136AAu);  // RFC 3720 B.4
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\xFF'))), 0x62A8AB43u);
}

TEST(Crc32c, EveryLengthAgreesWithTheBitwiseOneAndCanBeContinued) {
  std::mt19937_64 random(1);
  std::vector<std::byte> bytes(10'000);
  for (auto& byte : bytes) byte = static_cast<std::byte>(random());
  for (std::size_t length = 0; length < bytes.size(); length += 1 + length / 7) {
    const ByteView all(bytes.data(), length);
    ASSERT_EQ(crc32c(all), bit_by_bit(all)) << length;
    const std::size_t cut = length / 3;
    ASSERT_EQ(crc32c(all.subspan(cut), crc32c(all.first(cut))), crc32c(all)) << length;
  }
}

}  // namespace
}  // namespace firth
