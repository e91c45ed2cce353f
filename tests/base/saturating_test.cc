#include "base/saturating.h"

#include <gtest/gtest.h>

namespace firth {
namespace {

using namespace std::chrono_literals;

TEST(Saturating, SumsStopAtTheEnds) {
  struct Row {
    std::int64_t a, b, sum;
  };
  for (const auto& [a, b, sum] : {Row{INT64_MAX, 1, INT64_MAX}, Row{INT64_MAX, INT64_MAX, INT64_MAX}, Row{INT64_MIN, -1, INT64_MIN},
                                  Row{INT64_MIN, INT64_MIN, INT64_MIN}, Row{INT64_MAX, INT64_MIN, -1}, Row{INT64_MAX - 1, 1, INT64_MAX},
                                  Row{-3, 2, -1}, Row{0, 0, 0}}) {
    EXPECT_EQ(saturating_add(a, b), sum) << a << " + " << b;
    EXPECT_EQ(saturating_add(b, a), sum) << b << " + " << a;
  }
}

TEST(Saturating, ConversionsStopAtTheEnds) {
  constexpr std::int64_t kMostMs = INT64_MAX / 1'000'000;
  EXPECT_EQ(to_nanoseconds(std::chrono::milliseconds(kMostMs)), std::chrono::milliseconds(kMostMs));
  EXPECT_EQ(to_nanoseconds(std::chrono::milliseconds(kMostMs + 1)), std::chrono::nanoseconds::max());
  EXPECT_EQ(to_nanoseconds(std::chrono::milliseconds(-kMostMs)), std::chrono::milliseconds(-kMostMs));
  EXPECT_EQ(to_nanoseconds(std::chrono::milliseconds(-kMostMs - 1)), std::chrono::nanoseconds::min());
  EXPECT_EQ(to_nanoseconds(std::chrono::seconds::max()), std::chrono::nanoseconds::max());
  EXPECT_EQ(to_nanoseconds(std::chrono::seconds::min()), std::chrono::nanoseconds::min());
  EXPECT_EQ(to_nanoseconds(std::chrono::seconds(2)), 2s);
}

}  // namespace
}  // namespace firth
