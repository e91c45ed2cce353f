#include "base/varint.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

namespace firth {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

TEST(Varint, RoundTripsAtEveryWidth) {
  for (int bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t value : {std::uint64_t{1} << bit, (std::uint64_t{1} << bit) - 1, ~std::uint64_t{0} >> bit}) {
      std::array<std::byte, kMaxVarint64Bytes> buffer;
      std::byte* const end = put_varint(buffer.data(), value);
      EXPECT_EQ(static_cast<std::size_t>(end - buffer.data()), varint_size(value));
      ByteView view(buffer.data(), end);
      std::uint64_t read = 0;
      ASSERT_TRUE(get_varint(view, read));
      EXPECT_EQ(read, value);
      EXPECT_TRUE(view.empty());
      const auto as_signed = static_cast<std::int64_t>(value);
      EXPECT_EQ(unzigzag(zigzag(as_signed)), as_signed);
    }
  }
}

TEST(Varint, RefusesWhatIsTruncatedOrTooLong) {
  struct Row {
    std::vector<std::byte> input;
    bool fits_32, fits_64;
  };
  const Row rows[] = {
      {bytes({}), false, false},
      {bytes({0x80}), false, false},
      {bytes({0x00}), true, true},
      {bytes({0xFF, 0xFF, 0xFF, 0xFF, 0x0F}), true, true},
      {bytes({0xFF, 0xFF, 0xFF, 0xFF, 0x1F}), false, true},
      {bytes({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00}), false, true},
      {bytes({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}), false, true},
      {bytes({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02}), false, false},
      {bytes({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00}), false, false},
  };
  for (const Row& row : rows) {
    ByteView view(row.input);
    std::uint32_t small = 0;
    EXPECT_EQ(get_varint(view, small), row.fits_32) << row.input.size();
    view = row.input;
    std::uint64_t large = 0;
    EXPECT_EQ(get_varint(view, large), row.fits_64) << row.input.size();
  }
}

}  // namespace
}  // namespace firth
