// Topics that Kafka clients made, as JetStream sees them: streams once somebody asks, and what they capture.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "log/key_partition.h"
#include "tests/jetstream/api_world.h"

namespace firth::jetstream {
namespace {

using test::holds;
using World = test::ApiWorld;

constexpr std::string_view kDurable = R"({"stream_name":"t","config":{"durable_name":"c","ack_policy":"explicit"}})";

TEST(KafkaTopic, IsNoStreamUntilSomebodyAsks) {
  World world(1);
  const auto topic = world.make("t", 1);
  EXPECT_FALSE(world.is_stream(topic));
  EXPECT_TRUE(holds(world.ask("$JS.API.CONSUMER.MSG.NEXT.t.c", ""), "503")) << "a pull alone opens nothing";
  EXPECT_FALSE(world.is_stream(topic));
  EXPECT_TRUE(holds(world.ask("$JS.API.CONSUMER.INFO.t.c", ""), "consumer not found"));
  EXPECT_TRUE(world.is_stream(topic));
}

// The first request about a topic may be for a consumer, from whatever shard; it can be pulled from as soon as it is answered.
TEST(KafkaTopic, TheFirstRequestMayBeForAConsumer) {
  for (const std::size_t shards : {1u, 2u}) {
    for (const char* name : {"t", "u", "v"}) {  // they live on different shards
      SCOPED_TRACE(testing::Message() << shards << " shards, " << name);
      World world(shards);
      broker::TopicPointer topic;
      for (const char* made : {"t", "u", "v"})
        if (auto one = world.make(made, 1); std::string_view(made) == name) topic = one;
      world.produce(topic, "before");
      const std::string made =
          world.ask(fmt::format("$JS.API.CONSUMER.CREATE.{}.c", name),
                    fmt::format(R"({{"stream_name":"{}","config":{{"durable_name":"c","ack_policy":"explicit"}}}})", name));
      EXPECT_TRUE(holds(made, "\"num_pending\":1")) << made;
      EXPECT_EQ(world.ask(fmt::format("$JS.API.CONSUMER.MSG.NEXT.{}.c", name), ""), "before");
      EXPECT_TRUE(holds(world.ask(fmt::format("$JS.API.CONSUMER.NAMES.{}", name), ""), "[\"c\"]"));
    }
  }
}

// Docs/one-log.md, "Names": internal topics are not shown.
TEST(KafkaTopic, AnInternalOneIsNoStream) {
  World world(1);
  world.make("__consumer_offsets", 1);
  world.make("t", 1);
  EXPECT_TRUE(holds(world.ask("$JS.API.STREAM.NAMES", ""), R"("streams":["t"])"));
  for (const char* request : {"STREAM.INFO.{}", "STREAM.PURGE.{}", "STREAM.DELETE.{}", "CONSUMER.NAMES.{}"})
    EXPECT_TRUE(holds(world.ask("$JS.API." + fmt::format(fmt::runtime(request), "__consumer_offsets"), ""), "10059")) << request;
}

// Its client goes on pulling; nobody asks for the stream again.
TEST(KafkaTopic, WithConsumersItIsAStreamAgainAfterARestart) {
  for (const bool power_loss : {false, true}) {
    World world(2);
    const auto topic = world.make("t", 1);
    world.produce(topic, "one");
    world.ask("$JS.API.CONSUMER.CREATE.t.c", kDurable);
    world.again(power_loss);
    EXPECT_EQ(world.ask("$JS.API.CONSUMER.MSG.NEXT.t.c", ""), "one");
  }
}

// JetStream counts nanoseconds: a time that they cannot say is the last, or the first, that they can.
TEST(KafkaTopic, AProducerMaySetAnyTime) {
  World world(1);
  const auto topic = world.make("t", 1);
  world.produce(topic, "far ahead", INT64_MAX);
  world.produce(topic, "long ago", INT64_MIN);
  const std::string first = world.ask("$JS.API.STREAM.MSG.GET.t", R"({"seq":1})");
  EXPECT_TRUE(holds(first, R"("time":"2262-04-11T23:47:16.854775807Z")")) << first;
  const std::string second = world.ask("$JS.API.STREAM.MSG.GET.t", R"({"seq":2})");
  EXPECT_TRUE(holds(second, R"("time":"1677-09-22T00:00:00Z")")) << second;
}

// Docs/one-log.md, "NATS into a Kafka topic": one partition stores it, that one where a Kafka producer would put the key.
TEST(KafkaTopic, CapturesIntoThePartitionOfTheKey) {
  for (const std::size_t shards : {1u, 2u}) {
    World world(shards);
    world.make("calls.eu", 4, {"service.>"});
    std::map<std::int32_t, int> counts;
    for (int i = 0; i < 20; ++i) {
      const std::string subject = fmt::format("service.{}", i);
      const std::int32_t partition = log::partition_of_key(as_bytes(subject), 4).value();
      const std::string stream = partition == 0 ? "calls_eu" : fmt::format("calls_eu@{}", partition);
      EXPECT_EQ(world.ask(subject, "x"), fmt::format(R"({{"stream":"{}","seq":{}}})", stream, ++counts[partition]));
    }
    EXPECT_EQ(counts.size(), 4u);
  }
}

TEST(KafkaTopic, ExpectedStreamNamesTheTopicOrThePartition) {
  World world(1);
  world.make("calls.eu", 4, {"service.>"});
  const std::string subject = "service.x";
  const std::int32_t partition = log::partition_of_key(as_bytes(subject), 4).value();
  for (const std::string& name : {std::string("calls_eu"), fmt::format("calls_eu@{}", partition)})
    EXPECT_TRUE(holds(world.ask(subject, "x", fmt::format("NATS/1.0\r\nNats-Expected-Stream: {}\r\n\r\n", name)), "\"seq\"")) << name;
  for (const std::string& name : {std::string("another"), fmt::format("calls_eu@{}", (partition + 1) % 4)})
    EXPECT_TRUE(holds(world.ask(subject, "x", fmt::format("NATS/1.0\r\nNats-Expected-Stream: {}\r\n\r\n", name)), "10060")) << name;
}

}  // namespace
}  // namespace firth::jetstream
