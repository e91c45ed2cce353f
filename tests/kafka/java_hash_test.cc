// Hashes of ids, against what Java answers.
#include "kafka/java_hash.h"

#include <gtest/gtest.h>

#include <limits>

namespace firth::kafka {
namespace {

TEST(JavaHash, PlacesIdsAsKafkaDoes) {
  struct Row {
    std::string_view id;
    std::int32_t hash;
    std::int32_t of_fifty;
  };
  const Row rows[] = {
      {"", 0, 0},
      {"g", 103, 3},
      {"group", 98629247, 47},
      {"my-consumer-group", 1513705513, 13},
      {"gr\xC3\xBC\xC3\x9F\x65", 98768023, 23},
      {"\xE6\x97\xA5\xE6\x9C\xAC", 835047, 47},
      {"\xF0\x9F\x98\x80 group", -1570619006, 6},
      {"connect-cluster", 1440343063, 13},
      {"polygenelubricants", std::numeric_limits<std::int32_t>::min(), 0},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(java_hash(row.id), row.hash) << row.id;
    EXPECT_EQ(internal_partition(row.id, 50), PartitionIndex(row.of_fifty)) << row.id;
  }
}

TEST(JavaHash, TakesWhatIsNotUtf8ForTheReplacementCharacter) {
  for (const std::string_view bad : {"\x80", "\xC3", "\xFF", "\xF8\x80\x80\x80\x80"})
    EXPECT_EQ(java_hash(bad.substr(0, 1)), 0xFFFD) << bad.size();
  EXPECT_EQ(java_hash("\xC3\x28"), 0xFFFD * 31 + 0x28);
}

}  // namespace
}  // namespace firth::kafka
