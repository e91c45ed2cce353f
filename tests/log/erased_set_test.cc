#include "log/erased_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>

namespace firth::log {
namespace {

constexpr Offset kBase{1'000'000};
Offset at(std::int64_t relative) { return kBase + relative; }
OffsetRange range(std::int64_t first, std::int64_t end) { return {at(first), at(end)}; }

std::vector<std::byte> encoded(const ErasedSet& set) {
  std::vector<std::byte> bytes;
  set.encode(bytes);
  return bytes;
}

std::string hex(ByteView bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[static_cast<int>(byte) >> 4];
    text += kDigits[static_cast<int>(byte) & 15];
  }
  return text;
}

TEST(ErasedSet, EmptyHasNothing) {
  const ErasedSet set(kBase);
  EXPECT_EQ(set.count(), 0);
  EXPECT_FALSE(set.contains(kBase));
  EXPECT_EQ(set.next_live(kBase), kBase);
  EXPECT_EQ(set.next_erased(kBase, at(10)), at(10));
  EXPECT_FALSE(set.covers(range(0, 1)));
  EXPECT_TRUE(set.covers(range(5, 5)));
}

TEST(ErasedSet, GoldenBytes) {
  ErasedSet set(Offset(100));
  EXPECT_EQ(hex(encoded(set)), "01c801");
  set.insert({Offset(103), Offset(110)});
  set.insert(Offset(117));
  set.insert({Offset(100 + 65536), Offset(100 + 3 * 65536)});
  EXPECT_EQ(hex(encoded(set)),
            "01c801"
            "000102"
            "0306"
            "0700"
            "000002");
}

TEST(ErasedSet, InsertCountsWhatIsNew) {
  ErasedSet set(kBase);
  EXPECT_EQ(set.insert(range(10, 10)), 0);
  EXPECT_EQ(set.insert(range(10, 20)), 10);
  EXPECT_EQ(set.insert(range(15, 25)), 5);
  EXPECT_EQ(set.insert(range(0, 200'000)), 200'000 - 15);
  EXPECT_EQ(set.insert(range(65'535, 65'537)), 0);
  EXPECT_EQ(set.next_live(kBase), at(200'000));
  EXPECT_TRUE(set.covers(range(0, 200'000)));
  EXPECT_FALSE(set.covers(range(0, 200'001)));
}

TEST(ErasedSet, WholeRangeOfASegmentIsSmall) {
  ErasedSet set(kBase);
  set.insert(range(0, std::int64_t{1} << 31));
  EXPECT_EQ(set.count(), std::int64_t{1} << 31);
  EXPECT_LT(encoded(set).size(), 16u);
  EXPECT_LT(set.memory_bytes(), 4u << 20);
}

void expect_equal(const ErasedSet& set, const std::set<std::int64_t>& model, std::int64_t span) {
  ASSERT_EQ(set.count(), static_cast<std::int64_t>(model.size()));
  Offset next_live = at(span);
  Offset next_erased = at(span);
  for (std::int64_t i = span - 1; i >= 0; --i) {
    (model.contains(i) ? next_erased : next_live) = at(i);
    const bool same = set.contains(at(i)) == model.contains(i) && std::min(set.next_live(at(i)), at(span)) == next_live &&
                      set.next_erased(at(i), at(span)) == next_erased;
    ASSERT_TRUE(same) << i;
  }
}

// Short and long ranges, dense and sparse, over a bit more than three chunks, against a set of integers.
TEST(ErasedSet, BehavesAsASetOfIntegers) {
  constexpr std::int64_t kSpan = 2 * 65'536 + 1000;
  for (unsigned seed = 0; seed < 5; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    ErasedSet set(kBase);
    std::set<std::int64_t> model;
    const std::int64_t longest = std::int64_t{1} << (seed * 4);
    for (int i = 0; i < (seed < 3 ? 10'000 : 40); ++i) {
      const std::int64_t first = std::uniform_int_distribution<std::int64_t>(0, kSpan - 1)(random);
      const std::int64_t end = std::min(kSpan, first + std::uniform_int_distribution<std::int64_t>(0, longest)(random));
      std::int64_t added = 0;
      for (std::int64_t k = first; k < end; ++k) added += model.insert(k).second;
      ASSERT_EQ(set.insert(range(first, end)), added);
    }
    expect_equal(set, model, kSpan);
    for (int i = 0; i < 200; ++i) {
      const std::int64_t first = std::uniform_int_distribution<std::int64_t>(0, kSpan - 1)(random);
      const std::int64_t end = std::uniform_int_distribution<std::int64_t>(first, kSpan)(random);
      ASSERT_EQ(set.count(range(first, end)), std::distance(model.lower_bound(first), model.lower_bound(end)));
    }
    auto decoded = ErasedSet::decode(encoded(set));
    ASSERT_TRUE(decoded.ok()) << decoded.error().text;
    EXPECT_TRUE(*decoded == set);
  }
}

TEST(ErasedSet, RandomOrderCostsAboutOneBitEach) {
  constexpr std::int64_t kSpan = 4 * 65'536;
  std::vector<std::int64_t> order(kSpan);
  for (std::int64_t i = 0; i < kSpan; ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937(7));
  ErasedSet set(kBase);
  std::size_t most_memory = 0, most_encoded = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    ASSERT_TRUE(set.insert(at(order[i])));
    if (i % 8'192 == 0) {
      most_memory = std::max(most_memory, set.memory_bytes());
      most_encoded = std::max(most_encoded, encoded(set).size());
    }
  }
  constexpr std::size_t kBound = kSpan / 8 + 4096;
  EXPECT_LT(most_memory, kBound);
  EXPECT_LT(most_encoded, kBound);
  EXPECT_LT(encoded(set).size(), 20u);  // all erased: as good as one run
}

TEST(ErasedSet, DecodeRefusesWhatEncodeDoesNotWrite) {
  const auto bytes = [](std::initializer_list<int> values) {
    std::vector<std::byte> result;
    for (const int value : values) result.push_back(static_cast<std::byte>(value));
    return result;
  };
  struct Row {
    const char* what;
    std::vector<std::byte> input;
    Errc code;
  };
  const Row rows[] = {
      {"nothing", bytes({}), Errc::kCorrupt},
      {"version 0", bytes({0, 0}), Errc::kUnsupported},
      {"version 2", bytes({2, 0}), Errc::kUnsupported},
      {"no base", bytes({1}), Errc::kCorrupt},
      {"negative base", bytes({1, 1}), Errc::kCorrupt},
      {"a base whose segment has no end", bytes({1, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 1}), Errc::kCorrupt},
      {"base in too many bytes", bytes({1, 0x80, 0}), Errc::kCorrupt},
      {"no form", bytes({1, 0, 0}), Errc::kCorrupt},
      {"unknown form", bytes({1, 0, 0, 3}), Errc::kCorrupt},
      {"no full chunks", bytes({1, 0, 0, 0, 0}), Errc::kCorrupt},
      {"65537 full chunks", bytes({1, 0, 0, 0, 0x81, 0x80, 4}), Errc::kCorrupt},
      {"full chunks in two parts", bytes({1, 0, 0, 0, 1, 0, 0, 1}), Errc::kCorrupt},
      {"chunk 65536", bytes({1, 0, 0x80, 0x80, 4, 0, 1}), Errc::kCorrupt},
      {"no runs", bytes({1, 0, 0, 1, 0}), Errc::kCorrupt},
      {"more runs than bytes", bytes({1, 0, 0, 1, 2, 0, 0}), Errc::kCorrupt},
      {"runs that touch", bytes({1, 0, 0, 1, 2, 0, 0, 0, 0}), Errc::kCorrupt},
      {"run longer than a chunk", bytes({1, 0, 0, 1, 1, 1, 0xFF, 0xFF, 3}), Errc::kCorrupt},
      {"run over a whole chunk", bytes({1, 0, 0, 1, 1, 0, 0xFF, 0xFF, 3}), Errc::kCorrupt},
      {"run after the end of a chunk", bytes({1, 0, 0, 1, 2, 1, 0xFE, 0xFF, 3, 1, 0}), Errc::kCorrupt},
      {"too few bits", bytes({1, 0, 0, 2, 0xFF}), Errc::kCorrupt},
  };
  for (const Row& row : rows) {
    const auto decoded = ErasedSet::decode(row.input);
    ASSERT_FALSE(decoded.ok()) << row.what;
    EXPECT_EQ(decoded.error().code, row.code) << row.what << ": " << decoded.error().text;
  }
  std::vector<std::byte> few_bits = bytes({1, 0, 0, 2});
  few_bits.resize(4 + 8192);
  EXPECT_FALSE(ErasedSet::decode(few_bits).ok()) << "no bit";
  few_bits.back() = std::byte{1};
  EXPECT_FALSE(ErasedSet::decode(few_bits).ok()) << "one bit, shorter as a run";
}

}  // namespace
}  // namespace firth::log
