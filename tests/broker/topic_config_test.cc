#include "broker/topic_config.h"

#include <gtest/gtest.h>

namespace firth::broker {
namespace {

TEST(TopicConfig, EveryFieldRoundTripsThroughItsText) {
  for (const ConfigField& field : config_fields()) {
    TopicConfig config;
    ASSERT_TRUE(field.set(config, field.get(config)).ok()) << field.name;
    EXPECT_EQ(config, TopicConfig()) << field.name;
  }
}

TEST(TopicConfig, EncodesWhatDiffersFromTheDefaultsOfItsOrigin) {
  for (TopicConfig config : {kafka_defaults(), stream_defaults()}) {
    const std::size_t plain = encode(config).size();
    config.subjects = {"a.>", "b"};
    config.max_msgs_per_subject = 5;
    if (config.origin == Origin::kKafka) config.cleanup_policy = {.remove = true, .compact = true};
    config.metadata = {{"k", "v"}};
    config.allow_direct = true;
    config.max_age = std::chrono::nanoseconds(7'000'000'001);
    const auto bytes = encode(config);
    EXPECT_GT(bytes.size(), plain);
    const auto decoded = decode_topic_config(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.error().text;
    EXPECT_EQ(*decoded, config);
  }
}

TEST(TopicConfig, ASubjectWithACommaIsStoredAsItIs) {
  for (TopicConfig config : {kafka_defaults(), stream_defaults()}) {
    config.subjects = {"a,b.>", "c"};
    const auto decoded = decode_topic_config(encode(config));
    ASSERT_TRUE(decoded.ok()) << decoded.error().text;
    EXPECT_EQ(*decoded, config);
  }
}

TEST(TopicConfig, RefusesWhatAFieldCannotHold) {
  struct Row {
    std::string_view name, value;
  };
  const Row rows[] = {{"retention.ms", "x"},        {"retention.ms", "-2"},         {"cleanup.policy", "shred"},
                      {"compression.type", "rar"},  {"nats.deliver", "yes"},        {"segment.bytes", "100"},
                      {"min.insync.replicas", "0"}, {"max.message.bytes", ""},      {"message.timestamp.type", "createtime"},
                      {"nats.subject", ""},         {"nats.subject", "{topic}..x"}, {"nats.subject", "a b"},
                      {"nats.subject", "{value}"},  {"nats.subject", "a.*"}};
  for (const Row& row : rows) {
    TopicConfig config;
    const auto set = find_config_field(row.name)->set(config, row.value);
    ASSERT_FALSE(set.ok()) << row.name << "=" << row.value;
    EXPECT_EQ(set.error().code, Errc::kInvalid);
    EXPECT_EQ(config, TopicConfig());
  }
  EXPECT_EQ(find_config_field("no.such.config"), nullptr);
}

// Docs/one-log.md, "Configuration": max_age and retention.ms are one field.
TEST(TopicConfig, AgeIsOneFieldOfBothWorlds) {
  using namespace std::chrono_literals;
  for (TopicConfig config : {kafka_defaults(), stream_defaults()}) {
    const ConfigField& row = *find_config_field("retention.ms");
    ASSERT_TRUE(row.set(config, "7200000").ok());
    EXPECT_EQ(age_limit(config), 2h);
    set_age_limit(config, 1ms + 1ns);
    EXPECT_EQ(row.get(config), "2") << "never earlier than was asked for";
    set_age_limit(config, 0ns);
    EXPECT_EQ(row.get(config), "-1");
    ASSERT_TRUE(row.set(config, "-1").ok());
    EXPECT_EQ(age_limit(config), 0ns);
  }
  TopicConfig config = kafka_defaults();
  ASSERT_TRUE(find_config_field("retention.ms")->set(config, "9223372036854775807").ok());
  EXPECT_GT(age_limit(config), 24h * 365 * 200) << "as long as nanoseconds can say";
  EXPECT_TRUE(find_config_field("retention.ms")->set(config, "0").ok()) << "Kafka allows it";
  EXPECT_GT(age_limit(config), 0ns) << "0 would be never";
  config = stream_defaults();
  EXPECT_FALSE(find_config_field("retention.ms")->set(config, "0").ok());
  ASSERT_TRUE(find_config_field("retention.ms")->set(config, "3323333333332333").ok());
  EXPECT_EQ(config.max_age, std::chrono::nanoseconds::max()) << "as long as nanoseconds can say";
}

// Docs/one-log.md, "Configuration": a stream with a limit per subject, as every bucket has, is a compacted topic for Kafka.
TEST(TopicConfig, TheCleanupPolicyOfAStreamFollowsFromItsLimits) {
  const ConfigField& row = *find_config_field("cleanup.policy");
  TopicConfig config = stream_defaults();
  EXPECT_EQ(row.get(config), "delete");
  config.max_msgs_per_subject = 1;
  EXPECT_EQ(row.get(config), "compact");
  for (const auto limit : {&TopicConfig::max_msgs, &TopicConfig::max_bytes}) {
    TopicConfig limited = config;
    limited.*limit = 10;
    EXPECT_EQ(row.get(limited), "compact,delete");
  }
  config.max_age = std::chrono::hours(1);
  EXPECT_EQ(row.get(config), "compact,delete");
  EXPECT_FALSE(row.set(config, "delete").ok()) << "it cannot be set";
  const auto decoded = decode_topic_config(encode(config));
  ASSERT_TRUE(decoded.ok()) << decoded.error().text;
  EXPECT_EQ(*decoded, config);
}

}  // namespace
}  // namespace firth::broker
