// What Kafka clients write, live to NATS clients: on the simulated world, with a topic's partitions on two shards.
#include "broker/live_delivery.h"

#include <gtest/gtest.h>

#include "broker/streams.h"
#include "log/batch_builder.h"
#include "tests/broker/broker_world.h"

namespace firth::broker {
namespace {

using namespace test;

class Client final : public Subscriber {
 public:
  Pressure deliver(const Message& message, std::uint64_t) override {
    got.push_back(std::string(message.subject) + "=" + std::string(message.headers()) + std::string(message.body()));
    return Pressure::kNone;
  }
  bool is_client() const override { return client; }
  std::vector<std::string> got;
  bool client = true;
};

struct Written {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

SharedBytes batch_of(const std::vector<Written>& records, log::Codec codec = log::Codec::kNone) {
  const auto view = [](const std::optional<std::string>& text) {
    return text.has_value() ? std::optional(as_bytes(std::string_view(*text))) : std::nullopt;
  };
  std::vector<std::byte> bytes;
  log::BatchBuilder builder(bytes, {});
  for (const Written& record : records) {
    std::vector<log::RecordHeader> headers;
    for (const auto& [name, value] : record.headers) headers.push_back({.name = name, .value = as_bytes(std::string_view(value))});
    builder.append({.timestamp_ms = 1, .key = view(record.key), .value = view(record.value), .headers = headers});
  }
  (void)builder.finish();
  if (codec == log::Codec::kNone) return SharedBytes::copy(bytes);
  std::vector<std::byte> packed;
  log::compress(codec, ByteView(bytes).subspan(log::kBatchHeaderBytes), packed);
  bytes.resize(log::kBatchHeaderBytes);
  bytes.insert(bytes.end(), packed.begin(), packed.end());
  store_be(bytes.data() + 8, static_cast<std::int32_t>(bytes.size() - log::kBatchLengthEnd));
  store_be(bytes.data() + 21, static_cast<std::int16_t>(codec));
  store_be(bytes.data() + 17, crc32c(ByteView(bytes).subspan(log::kBatchCrcBegin)));
  return SharedBytes::copy(bytes);
}

// A server's shards with what delivers on them; one client on each.
class DeliveryWorld {
 public:
  explicit DeliveryWorld(std::uint32_t shard_count = 2) : world(1, shard_count), clients(shard_count) {
    EXPECT_TRUE(world.open()) << world.error;
    std::vector<Router*> all;
    for (std::uint32_t i = 0; i < shard_count; ++i) {
      routers.push_back(std::make_unique<Router>(world.shard(i).shard(), i));
      all.push_back(routers.back().get());
    }
    for (const auto& router : routers) router->connect(all);
    for (std::uint32_t i = 0; i < shard_count; ++i) live.push_back(std::make_unique<LiveDelivery>(world.shard(i), *routers[i]));
  }
  void on(std::uint32_t shard, std::function<void()> job) {
    bool ran = false;
    world.shard(shard).shard().loop.post([&] {
      job();
      ran = true;
    });
    world.world.run_until([&] { return ran; }, 10s);
    world.world.run_until_idle();
  }
  void subscribe(std::uint32_t shard, std::string filter) {
    on(shard, [&] { routers[shard]->subscribe(kGlobalAccount, clients[shard], 0, filter); });
  }
  TopicPointer make(std::string name, const TopicConfig& config, std::int32_t partitions = 1) {
    const auto made =
        world.run(world.broker->create_topic(world.shard(), {.name = std::move(name), .partition_count = partitions, .config = config}));
    EXPECT_TRUE(made.has_value() && made->ok());
    return **made;
  }
  // As the Kafka face does it, on the partition's home.
  void produce(const TopicPointer& topic, const SharedBytes& batch, std::int32_t partition = 0) {
    ShardBroker& home = world.broker->home(topic->partitions[static_cast<std::size_t>(partition)]);
    on(home.shard().index.value(), [&] {
      log::Partition* at = home.local_partition(*topic, PartitionIndex(partition));
      ASSERT_NE(at, nullptr);
      ASSERT_TRUE(at->append(batch).ok());
      home.live_delivery()->follow(topic, *at, batch);
      for (const Client& client : clients) held_back &= client.got.empty();
    });
  }
  std::vector<std::string> take(std::uint32_t shard) { return std::exchange(clients[shard].got, {}); }

  BrokerWorld world;
  std::vector<Client> clients;
  std::vector<std::unique_ptr<Router>> routers;
  std::vector<std::unique_ptr<LiveDelivery>> live;
  bool held_back = true;  // nobody had anything in the turn of the append
};

TopicConfig with_template(std::string subject_template) {
  TopicConfig config = kafka_defaults();
  config.deliver = true;
  config.subject_template = std::move(subject_template);
  return config;
}

using Got = std::vector<std::string>;

TEST(LiveDelivery, ReachesClientsOfEveryShardOnceReleased) {
  DeliveryWorld world;
  const TopicPointer topic = world.make("totals", with_template("{topic}.{key}"), 4);
  for (const std::uint32_t shard : {0u, 1u}) world.subscribe(shard, "totals.>");
  for (std::int32_t partition = 0; partition < 4; ++partition) {
    SCOPED_TRACE(partition);
    world.produce(topic, batch_of({{"UA", "1"}, {"AA", "2", {{"a", "b"}}}}), partition);
    const Got expected{"totals.UA=1", "totals.AA=NATS/1.0\r\na: b\r\n\r\n2"};
    for (const std::uint32_t shard : {0u, 1u}) EXPECT_EQ(world.take(shard), expected);
  }
  EXPECT_TRUE(world.held_back) << "something was delivered before the sync";
}

TEST(LiveDelivery, EachKindOfKeyHasItsSubject) {
  struct Row {
    const char* subject_template;
    std::optional<std::string> key;
    const char* subject;
  };
  const Row rows[] = {
      {"{topic}", "k", "t"},
      {"{topic}", std::nullopt, "t"},
      {"{topic}.{partition}", "k", "t.0"},
      {"{topic}.{key}", "a.b", "t.a.b"},
      {"{topic}.{key}", "", "t.%"},
      {"{topic}.{key}", std::nullopt, "t.%-"},
      {"{topic}.{key}", "a b>", "t.a%20b>"},
      {"x.{key}.y", "k", "x.k.y"},
      {"x.a{key}.y", "k", "x.ak.y"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.subject);
    DeliveryWorld world(1);
    const TopicPointer topic = world.make("t", with_template(row.subject_template));
    world.subscribe(0, row.subject);
    world.produce(topic, batch_of({{row.key, "v"}}));
    EXPECT_EQ(world.take(0), Got{std::string(row.subject) + "=v"});
  }
}

TEST(LiveDelivery, NeverTouchesTheServersSubjectsNorInboxes) {
  for (const char* subject_template : {"{key}", "$JS.API.{key}", "_INBOX.{key}", "_INBOX.x"}) {
    SCOPED_TRACE(subject_template);
    DeliveryWorld world(1);
    const TopicPointer topic = world.make("t", with_template(subject_template));
    world.subscribe(0, ">");
    world.produce(topic, batch_of({{"$JS.API.STREAM.DELETE.s", ""}, {"_INBOX.a", ""}, {"$KV.b.k", ""}}));
    EXPECT_EQ(world.take(0), Got{});
  }
}

TEST(LiveDelivery, ABucketsOwnSubjectsAreDelivered) {
  struct Row {
    const char* topic;
    const char* subjects;
    const char* key;
    const char* subject;
    const char* null_value;  // as null_value.h says
  };
  for (const Row& row : {Row{"KV_b", "$KV.b.>", "k", "$KV.b.k", "NATS/1.0\r\nKV-Operation: DEL\r\n\r\n"},
                         Row{"OBJ_b", "$O.b.M.>", "$O.b.M.x", "$O.b.M.x", "NATS/1.0\r\nFirth-Null-Value: true\r\n\r\n"}}) {
    SCOPED_TRACE(row.topic);
    DeliveryWorld world(1);
    TopicConfig config = stream_defaults();
    config.subjects = {row.subjects};
    const TopicPointer topic = world.make(row.topic, config);
    world.subscribe(0, ">");
    world.produce(topic, batch_of({{row.key, "v"}, {row.key, std::nullopt}}));
    EXPECT_EQ(world.take(0), (Got{std::string(row.subject) + "=v", std::string(row.subject) + "=" + row.null_value}));
  }
}

TEST(LiveDelivery, DecodesEveryCodecAndNothingIfNobodyListens) {
  for (const log::Codec codec : {log::Codec::kGzip, log::Codec::kSnappy, log::Codec::kLz4, log::Codec::kZstd}) {
    DeliveryWorld world(1);
    const TopicPointer topic = world.make("t", with_template("{topic}"));
    world.subscribe(0, "t");
    world.produce(topic, batch_of({{"k", "one"}, {"k", "two"}}, codec));
    EXPECT_EQ(world.take(0), (Got{"t=one", "t=two"}));
  }
  // Bytes that no decoder takes would leave a line in the log: the batch of a topic that only a part of the server listens to is not read.
  DeliveryWorld world(1);
  world.clients[0].client = false;
  const TopicPointer topic = world.make("t", with_template("{topic}"));
  world.subscribe(0, ">");
  world.produce(topic, batch_of({{"k", "one"}}, log::Codec::kZstd));
  EXPECT_EQ(world.take(0), Got{});
}

TEST(LiveDelivery, FollowsTheTopicsConfigAndItsEnd) {
  DeliveryWorld world;
  TopicPointer topic = world.make("t", with_template("{topic}.old"));
  world.subscribe(1, "t.*");
  world.produce(topic, batch_of({{"k", "1"}}));
  EXPECT_EQ(world.take(1), Got{"t.old=1"});
  const auto changed = world.world.run(world.world.broker->update_topic(world.world.shard(), topic->id, with_template("{topic}.new")));
  ASSERT_TRUE(changed.has_value() && changed->ok());
  world.produce(*changed.value(), batch_of({{"k", "2"}}));
  EXPECT_EQ(world.take(1), Got{"t.new=2"});
  const auto deleted = world.world.run(world.world.broker->delete_topic(world.world.shard(), topic->id));
  ASSERT_TRUE(deleted.has_value() && deleted->ok());
  topic = world.make("t", with_template("{topic}.again"));
  world.produce(topic, batch_of({{"k", "3"}}));
  EXPECT_EQ(world.take(1), Got{"t.again=3"});
}

TEST(LiveDelivery, WhatWasNotReleasedIsNotDelivered) {
  DeliveryWorld world(1);
  const TopicPointer topic = world.make("t", with_template("{topic}"));
  world.subscribe(0, "t");
  world.world.world.files().inject({.operation = sim::Operation::kAnySync, .times = 1000});
  world.produce(topic, batch_of({{"k", "1"}}));
  EXPECT_EQ(world.take(0), Got{});
}

TEST(LiveDelivery, WhoIsBehindIsWaitedFor) {
  DeliveryWorld world;
  const TopicPointer topic = world.make("t", with_template("{topic}"));
  const std::uint32_t home = world.world.broker->home(topic->partitions[0]).shard().index.value();
  world.subscribe(1 - home, "t");
  bool caught_up = false;
  const auto wait = [](LiveDelivery& live, bool& done) -> runtime::Task<bool> {
    co_await live.caught_up();
    co_return done = true;
  };
  EXPECT_EQ(world.world.run(wait(*world.live[home], caught_up), home), std::optional(true)) << "nobody is behind";
  const std::string large(Router::kMaxBytesUnderWay / 3 + 1, 'x');
  world.on(home, [&] {
    log::Partition* partition = world.world.broker->shard(ShardIndex(home)).local_partition(*topic, PartitionIndex(0));
    for (int i = 0; i < 3; ++i) {
      const SharedBytes batch = batch_of({{"k", large}});
      ASSERT_TRUE(partition->append(batch).ok());
      world.live[home]->follow(topic, *partition, batch);
    }
  });
  EXPECT_EQ(world.world.run(wait(*world.live[home], caught_up), home), std::optional(true));
  EXPECT_EQ(world.take(1 - home).size(), 3u);
}

}  // namespace
}  // namespace firth::broker
