#include "base/short_bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace firth {
namespace {

constexpr std::size_t kSizes = 100;  // past every step of the words

std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('0' + i);
  return text;
}

TEST(ShortBytes, CopiesTheTextAndNothingAroundIt) {
  for (std::size_t size = 0; size < kSizes; ++size) {
    SCOPED_TRACE(size);
    const std::string from = text_of(size);
    std::string to(size + 2, '-');
    copy_short(to.data() + 1, from.data(), size);
    EXPECT_EQ(to, "-" + from + "-");
  }
}

TEST(ShortBytes, ComparesEveryByteAndNoMore) {
  for (std::size_t size = 0; size < kSizes; ++size) {
    SCOPED_TRACE(size);
    const std::string a = "<" + text_of(size) + "<";
    std::string b = ">" + text_of(size) + ">";
    EXPECT_TRUE(equal_short(a.data() + 1, b.data() + 1, size));
    for (std::size_t at = 1; at <= size; ++at) {
      ++b[at];
      EXPECT_FALSE(equal_short(a.data() + 1, b.data() + 1, size)) << at;
      --b[at];
    }
  }
}

}  // namespace
}  // namespace firth
