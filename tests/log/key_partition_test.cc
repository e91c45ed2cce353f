// The hash and the partition of keys, against what Kafka's Java client 4.4.0 answers.
#include "log/key_partition.h"

#include <gtest/gtest.h>

#include <string_view>

namespace firth::log {
namespace {

TEST(KeyPartition, IsThatOfKafkasOwnClients) {
  struct Row {
    std::string_view key;
    std::int32_t hash;
    std::int32_t of_seven;  // partition of seven
  };
  const Row rows[] = {
      {"", 275646681, 2},
      {"a", -1563381124, 5},
      {"ab", 316155434, 0},
      {"abc", 479470107, 4},
      {"abcd", -1323649548, 5},
      {"abcde", 461995741, 4},
      {"21", -973932308, 3},
      {"foobar", -790332482, 0},
      {"a-little-bit-long-string", -985981536, 1},
      {"a-little-bit-longer-string", -1486304829, 0},
      {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971, 3},
      {"orders.eu.1", 703331457, 3},
      {"\xFF\x80\x01\xFE\xC3", -2090030612, -1},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(static_cast<std::int32_t>(murmur2(as_bytes(row.key))), row.hash) << row.key;
    if (row.of_seven >= 0) EXPECT_EQ(partition_of_key(as_bytes(row.key), 7), PartitionIndex(row.of_seven)) << row.key;
    EXPECT_EQ(partition_of_key(as_bytes(row.key), 1), PartitionIndex(0));
  }
}

}  // namespace
}  // namespace firth::log
