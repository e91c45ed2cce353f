#include "broker/null_value.h"

#include <gtest/gtest.h>

namespace firth::broker {
namespace {

TEST(NullValue, IsMarkedAsTheStreamKeepsIt) {
  const struct {
    const char* name;
    Keeps keeps;
    std::string before, after;
  } rows[] = {
      {"a bucket's tombstone of a Kafka client", Keeps::kKeys, "", "NATS/1.0\r\nKV-Operation: DEL\r\n\r\n"},
      {"a purge stays one", Keeps::kKeys, "NATS/1.0\r\nKV-Operation: PURGE\r\n\r\n", "NATS/1.0\r\nKV-Operation: PURGE\r\n\r\n"},
      {"behind other headers", Keeps::kKeys, "NATS/1.0\r\nA: 1\r\n\r\n", "NATS/1.0\r\nA: 1\r\nKV-Operation: DEL\r\n\r\n"},
      {"elsewhere", Keeps::kMessages, "", "NATS/1.0\r\nFirth-Null-Value: true\r\n\r\n"},
      {"an operation means nothing there", Keeps::kMessages, "NATS/1.0\r\nKV-Operation: DEL\r\n\r\n",
       "NATS/1.0\r\nKV-Operation: DEL\r\nFirth-Null-Value: true\r\n\r\n"},
      {"marked once", Keeps::kMessages, "NATS/1.0\r\nFirth-Null-Value: true\r\n\r\n", "NATS/1.0\r\nFirth-Null-Value: true\r\n\r\n"},
  };
  for (const auto& row : rows) EXPECT_EQ(mark_null_value(row.before, row.keeps), row.after) << row.name;
}

TEST(NullValue, IsAskedForWithTheSameMark) {
  EXPECT_TRUE(asks_for_null_value("NATS/1.0\r\nKV-Operation: PURGE\r\n\r\n", Keeps::kKeys));
  EXPECT_FALSE(asks_for_null_value("NATS/1.0\r\nKV-Operation: PURGE\r\n\r\n", Keeps::kMessages));
  EXPECT_TRUE(asks_for_null_value("NATS/1.0\r\nFirth-Null-Value: true\r\n\r\n", Keeps::kMessages));
  EXPECT_FALSE(asks_for_null_value("NATS/1.0\r\nFirth-Null-Value: true\r\n\r\n", Keeps::kKeys));
  EXPECT_FALSE(asks_for_null_value("", Keeps::kMessages));
}

// What NATS reads it can write back, and Kafka sees what it wrote itself.
TEST(NullValue, TheMarkStandsInNoRecord) {
  for (const std::string block : {"", "NATS/1.0\r\nA: 1\r\n\r\n", "NATS/1.0\r\nA: 1\r\nA: 2\r\n\r\n"})
    EXPECT_EQ(without_null_mark(mark_null_value(block, Keeps::kMessages)), block);
  const std::string unusual = "NATS/1.0 100\r\nFirth-Null-Value: true\r\n\r\n";
  EXPECT_EQ(without_null_mark(unusual), unusual);
}

}  // namespace
}  // namespace firth::broker
