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
    config.cleanup_policy = {.remove = true, .compact = true};
    config.metadata = {{"k", "v"}};
    config.allow_direct = true;
    config.max_age = std::chrono::seconds(7);
    const auto bytes = encode(config);
    EXPECT_GT(bytes.size(), plain);
    const auto decoded = decode_topic_config(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.error().text;
    EXPECT_EQ(*decoded, config);
  }
}

TEST(TopicConfig, RefusesWhatAFieldCannotHold) {
  struct Row {
    std::string_view name, value;
  };
  const Row rows[] = {{"retention.ms", "x"},        {"retention.ms", "-2"},    {"cleanup.policy", "shred"},
                      {"compression.type", "rar"},  {"nats.deliver", "yes"},   {"segment.bytes", "100"},
                      {"min.insync.replicas", "0"}, {"max.message.bytes", ""}, {"message.timestamp.type", "createtime"}};
  for (const Row& row : rows) {
    TopicConfig config;
    const auto set = find_config_field(row.name)->set(config, row.value);
    ASSERT_FALSE(set.ok()) << row.name << "=" << row.value;
    EXPECT_EQ(set.error().code, Errc::kInvalid);
    EXPECT_EQ(config, TopicConfig());
  }
  EXPECT_EQ(find_config_field("no.such.config"), nullptr);
}

}  // namespace
}  // namespace firth::broker
