// Topics that Kafka clients made, as JetStream sees them: streams once somebody asks, and what they capture.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "jetstream/api.h"
#include "jetstream/capture.h"
#include "jetstream/consumers.h"
#include "log/batch_builder.h"
#include "log/key_partition.h"
#include "tests/broker/broker_world.h"

namespace firth::jetstream {
namespace {

using namespace std::chrono_literals;
using broker::kGlobalAccount;

class Inbox final : public broker::Subscriber {
 public:
  broker::Pressure deliver(const broker::Message& message, std::uint64_t) override {
    received.emplace_back(std::string(message.subject), std::string(message.payload));
    return broker::Pressure::kNone;
  }
  std::vector<std::pair<std::string, std::string>> received;
};

// JetStream on every shard, and a client of shard 0 with the inbox "r".
class World {
 public:
  explicit World(std::size_t shard_count) : world_(7, shard_count), shard_count_(shard_count) {
    EXPECT_TRUE(world_.open()) << world_.error;
    serve();
  }
  ~World() { leave(); }

  broker::TopicPointer make(std::string name, std::int32_t partitions, std::vector<std::string> subjects = {}) {
    broker::TopicConfig config = broker::kafka_defaults();
    config.subjects = std::move(subjects);
    const auto made =
        world_.run(world_.broker->create_topic(world_.shard(), {.name = std::move(name), .partition_count = partitions, .config = config}));
    EXPECT_TRUE(made.has_value() && made->ok());
    settle();
    return **made;
  }
  // What a Kafka producer brings to a partition that may be no stream yet.
  void produce(const broker::TopicPointer& topic, std::string_view value) {
    const GroupId group = topic->partitions[0];
    const std::uint32_t home = world_.broker->home(group).shard().index.value();
    on_shard(home, [&] {
      std::vector<std::byte> bytes;
      log::BatchBuilder builder(bytes, {});
      builder.append({.timestamp_ms = 1, .key = std::nullopt, .value = as_bytes(value), .headers = {}});
      log::Partition* partition = world_.shard(home).local_partition(*topic, PartitionIndex(0));
      ASSERT_TRUE(partition->append(SharedBytes::copy(builder.finish())).ok());
    });
    settle();
  }
  bool is_stream(const broker::TopicPointer& topic) {
    bool found = false;
    for (std::uint32_t i = 0; i < shard_count_; ++i)
      on_shard(i, [&] { found |= streams_[i]->find(topic->partition(PartitionIndex(0))) != nullptr; });
    return found;
  }
  std::string ask(std::string_view subject, std::string_view body, std::string_view headers = {}) {
    inbox_.received.clear();
    const std::string payload = std::string(headers) + std::string(body);
    on_shard(0, [&] {
      routers_[0]->publish(
          kGlobalAccount,
          {.subject = subject, .reply = "r", .header_bytes = static_cast<std::uint32_t>(headers.size()), .payload = payload});
    });
    settle();
    EXPECT_EQ(inbox_.received.size(), 1u) << subject;
    return inbox_.received.empty() ? "" : inbox_.received.front().second;
  }
  void again(bool power_loss) {
    leave();
    power_loss ? world_.lose_power() : world_.kill();
    ASSERT_TRUE(world_.open()) << world_.error;
    serve();
  }

 private:
  void on_shard(std::uint32_t shard, const std::function<void()>& job) {
    bool ran = false;
    world_.shard(shard).shard().loop.post([&] {
      job();
      ran = true;
    });
    world_.world.run_until([&] { return ran; }, 10s);
  }
  void on_each(const std::function<void(std::uint32_t)>& job) {
    for (std::uint32_t i = 0; i < shard_count_; ++i) on_shard(i, [&] { job(i); });
  }
  // Consumers have timers, so the world is never idle.
  void settle() {
    bool passed = false;
    runtime::Loop& loop = world_.shard().shard().loop;
    loop.post([&] { loop.schedule(loop.now() + 20ms, [&] { passed = true; }); });
    world_.world.run_until([&] { return passed; }, 10s);
  }

  void serve() {
    std::vector<broker::Router*> all;
    for (std::uint32_t i = 0; i < shard_count_; ++i) {
      routers_.push_back(std::make_unique<broker::Router>(world_.shard(i).shard(), i + 1));
      all.push_back(routers_.back().get());
    }
    for (const auto& router : routers_) router->connect(all);
    streams_.resize(shard_count_);
    captures_.resize(shard_count_);
    consumers_.resize(shard_count_);
    apis_.resize(shard_count_);
    on_each([this](std::uint32_t i) {
      streams_[i] = std::make_unique<broker::Streams>(world_.shard(i));
      captures_[i] = std::make_unique<Captures>(*streams_[i], *routers_[i]);
      consumers_[i] = std::make_unique<Consumers>(*streams_[i], *routers_[i], world_.world.random());
    });
    std::vector<ApiShard> shards;
    for (std::size_t i = 0; i < shard_count_; ++i)
      shards.push_back({.streams = streams_[i].get(), .consumers = consumers_[i].get(), .router = routers_[i].get()});
    on_each([&](std::uint32_t i) { apis_[i] = std::make_unique<Api>(world_.shard(i), shards); });
    on_shard(0, [this] { subscription_ = routers_[0]->subscribe(kGlobalAccount, inbox_, 0, "r"); });
    settle();
  }
  void leave() {
    on_shard(0, [this] { routers_[0]->unsubscribe(subscription_); });
    on_each([this](std::uint32_t i) { apis_[i]->stop(); });
    settle();
    on_each([this](std::uint32_t i) {
      apis_[i].reset();
      consumers_[i].reset();
      captures_[i].reset();
      streams_[i].reset();
    });
    routers_.clear();
  }

  broker::test::BrokerWorld world_;
  const std::size_t shard_count_;
  std::vector<std::unique_ptr<broker::Router>> routers_;
  std::vector<std::unique_ptr<broker::Streams>> streams_;
  std::vector<std::unique_ptr<Captures>> captures_;
  std::vector<std::unique_ptr<Consumers>> consumers_;
  std::vector<std::unique_ptr<Api>> apis_;
  Inbox inbox_;
  subject::SubscriberId subscription_{};
};

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

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
