#include "runtime/clock.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "runtime/random.h"

namespace firth::runtime {
namespace {

TEST(Clock, ReadsWhatTheSystemSays) {
  const auto clock = make_clock();
  const auto before = std::chrono::system_clock::now();
  const MonotonicTime first = clock->monotonic();
  const WallTime wall = clock->wall();
  EXPECT_GE(clock->monotonic(), first);
  EXPECT_GE(wall, before);
  EXPECT_LE(wall, std::chrono::system_clock::now());
}

TEST(Random, FillsEverySizeAndDoesNotRepeat) {
  const auto random = make_random();
  random->fill({});
  std::array<std::byte, 1000> bytes{};
  random->fill(bytes);
  const std::set<std::byte> distinct(bytes.begin(), bytes.end());
  EXPECT_GT(distinct.size(), 200u);
  EXPECT_NE(random->next(), random->next());
  for (int i = 0; i < 1000; ++i) EXPECT_LT(random->below(7), 7u);
  EXPECT_EQ(random->below(1), 0u);
}

}  // namespace
}  // namespace firth::runtime
