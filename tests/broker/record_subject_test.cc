#include "broker/record_subject.h"

#include <gtest/gtest.h>

#include <set>

#include "log/batch_builder.h"

namespace firth::broker {
namespace {

Topic topic_of(std::string name, TopicConfig config, std::vector<std::string> subjects = {}) {
  Topic topic;
  topic.name = std::move(name);
  topic.config = std::move(config);
  topic.config.subjects = std::move(subjects);
  return topic;
}

using Key = std::optional<std::string_view>;
std::optional<ByteView> bytes_of(Key key) { return key.has_value() ? std::optional(as_bytes(*key)) : std::nullopt; }

// The subject of a stored record, of a Kafka client or of a NATS publish.
enum class Born : bool { kKafka, kNats };
std::string subject_of(const RecordSubject& subject, Key key, Born born = Born::kKafka) {
  std::vector<std::byte> bytes;
  log::BatchBuilder builder(
      bytes, born == Born::kNats ? log::nats_identity(Offset(0), LeaderEpoch(0), std::chrono::nanoseconds(1)) : log::BatchIdentity());
  builder.append({.timestamp_ms = 0, .key = bytes_of(key), .value = ByteView(), .headers = {}});
  return subject.subject_of(log::BatchView(builder.finish()), bytes_of(key));
}

// Docs/one-log.md, "Subject and key": a Kafka record into a stream that JetStream made.
TEST(RecordSubject, AKeyIsASubjectThatTheStreamCovers) {
  const RecordSubject stream(topic_of("orders", stream_defaults(), {"orders.>", "returns"}), PartitionIndex(0));
  const struct {
    Key key;
    bool is_taken;
  } rows[] = {{"orders.eu.1", true}, {"returns", true},     {"orders", false},      {"other.x", false},  {"orders..x", false},
              {"orders.*", false},   {"orders.a b", false}, {"\xff\xfe", false},    {"", false},         {std::nullopt, false},
              {"orders.>", false},   {"orders.", false},    {"orders.\r\n", false}, {"returns.x", false}};
  for (const auto& row : rows) {
    const auto checked = stream.check(bytes_of(row.key));
    EXPECT_EQ(checked.ok(), row.is_taken) << row.key.value_or("null");
    if (!checked.ok()) EXPECT_EQ(checked.error().code, Errc::kInvalid);
    else EXPECT_EQ(*checked, *row.key);
  }
  EXPECT_EQ(stream.key_of("orders.eu.1"), "orders.eu.1");
  EXPECT_EQ(subject_of(stream, "orders.eu.1"), "orders.eu.1");
  EXPECT_EQ(subject_of(stream, "orders.eu.1", Born::kNats), "orders.eu.1");
}

TEST(RecordSubject, ANullKeyIsTheOnlyLiteralSubject) {
  const RecordSubject literal(topic_of("s", stream_defaults(), {"solo.subject"}), PartitionIndex(0));
  ASSERT_TRUE(literal.check(std::nullopt).ok());
  EXPECT_EQ(*literal.check(std::nullopt), "solo.subject");
  EXPECT_EQ(subject_of(literal, std::nullopt), "solo.subject");
  for (const auto& subjects : {std::vector<std::string>{"wide.>"}, {"a", "b"}})
    EXPECT_FALSE(RecordSubject(topic_of("s", stream_defaults(), subjects), PartitionIndex(0)).check(std::nullopt).ok());
}

TEST(RecordSubject, TheKeyOfABucketHasNoPrefix) {
  const RecordSubject bucket(topic_of("KV_cfg", stream_defaults(), {"$KV.cfg.>"}), PartitionIndex(0));
  EXPECT_EQ(bucket.bucket_prefix(), "$KV.cfg.");
  EXPECT_EQ(bucket.key_of("$KV.cfg.a.b"), "a.b");
  EXPECT_EQ(subject_of(bucket, "color"), "$KV.cfg.color");
  EXPECT_EQ(subject_of(bucket, "a.b", Born::kNats), "$KV.cfg.a.b");
  EXPECT_EQ(*bucket.check(as_bytes("color")), "$KV.cfg.color");
  for (const std::string_view key : {"", "a b", "*", "a..b"}) EXPECT_FALSE(bucket.check(as_bytes(key)).ok()) << key;
  // No buckets: another's subjects, and a topic that Kafka made.
  EXPECT_EQ(RecordSubject(topic_of("KV_cfg", stream_defaults(), {"$KV.other.>"}), PartitionIndex(0)).bucket_prefix(), "");
  EXPECT_EQ(RecordSubject(topic_of("KV_cfg", kafka_defaults(), {"$KV.cfg.>"}), PartitionIndex(0)).bucket_prefix(), "");
}

TEST(RecordSubject, ATopicOfKafkaHasItsTemplate) {
  const struct {
    std::string topic, text;
    Key key;
    std::string subject;
  } rows[] = {
      {"orders", "{topic}", "any", "orders"},
      {"orders.eu", "{topic}", std::nullopt, "orders.eu"},
      {"orders", "{topic}.{key}", "a", "orders.a"},
      {"orders", "{topic}.{key}", "a.b", "orders.a.b"},
      {"orders", "{topic}.{key}", "a b", "orders.a%20b"},
      {"orders", "{topic}.{key}", "100%", "orders.100%25"},
      {"orders", "{topic}.{key}", "", "orders.%"},
      {"orders", "{topic}.{key}", std::nullopt, "orders.%-"},
      {"orders", "{topic}.{key}", "%", "orders.%25"},
      {"orders", "{topic}.{key}", "*", "orders.%2A"},
      {"orders", "{topic}.{key}", "a..b", "orders.a.%.b"},
      {"orders", "{topic}.{key}", "\xff", "orders.%FF"},
      {"orders", "{topic}.{key}", "{key}", "orders.{key}"},
      {"orders", "p{partition}.{topic}", "k", "p3.orders"},
      {"a..b", "{topic}", "k", "a.%.b"},
  };
  for (const auto& row : rows) {
    TopicConfig config = kafka_defaults();
    config.subject_template = row.text;
    const RecordSubject subject(topic_of(row.topic, config), PartitionIndex(3));
    EXPECT_EQ(subject_of(subject, row.key), row.subject);
    ASSERT_TRUE(subject.check(bytes_of(row.key)).ok()) << "no key is refused";
    EXPECT_EQ(*subject.check(bytes_of(row.key)), row.subject);
  }
}

// What such a topic captured keeps the subject that it was published to.
TEST(RecordSubject, ACapturedMessageKeepsItsSubject) {
  const RecordSubject topic(topic_of("calls", kafka_defaults(), {"service.>"}), PartitionIndex(0));
  EXPECT_EQ(topic.key_of("service.call"), "service.call");
  EXPECT_EQ(subject_of(topic, "service.call", Born::kNats), "service.call");
  EXPECT_EQ(subject_of(topic, "service.call", Born::kKafka), "calls");
}

}  // namespace
}  // namespace firth::broker
