#include "broker/broker.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "tests/broker/broker_world.h"

namespace firth::broker {
namespace {

using namespace test;

class BrokerOnShards : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Shards, BrokerOnShards, testing::Values(1, 2));

TEST_P(BrokerOnShards, TopicsSurviveKillAndPowerLoss) {
  for (const bool power_loss : {false, true}) {
    BrokerWorld world(7, GetParam());
    ASSERT_TRUE(world.open()) << world.error;
    const auto last_shard = static_cast<std::uint32_t>(GetParam() - 1);
    TopicConfig config = stream_defaults();
    config.subjects = {"orders.>", "returns"};
    const auto made = world.run(
        world.broker->create_topic(world.shard(last_shard), {.name = "orders", .partition_count = 3, .config = config}), last_shard);
    ASSERT_TRUE(made.has_value() && made->ok());
    EXPECT_NE(world.shard(last_shard).catalog().find(kDefaultAccount, "orders"), nullptr) << "seen at once where it was asked for";
    const TopicId id = (**made)->id;

    power_loss ? world.lose_power() : world.kill();
    ASSERT_TRUE(world.open()) << world.error;
    world.world.run_until_idle();
    const TopicPointer topic = world.shard().catalog().find(kDefaultAccount, "orders");
    ASSERT_NE(topic, nullptr);
    EXPECT_EQ(topic->id, id);
    EXPECT_EQ(topic->config, config);
    for (int i = 0; i < 3; ++i) {
      const PartitionIndex index(i);
      ShardBroker& home = world.broker->home(topic->partitions[static_cast<std::size_t>(i)]);
      ASSERT_NE(home.local_partition(*topic, index), nullptr);
    }
  }
}

TEST_P(BrokerOnShards, NamesThatDifferInDotAndUnderscoreCollide) {
  BrokerWorld world(8, GetParam());
  ASSERT_TRUE(world.open()) << world.error;
  ASSERT_TRUE(world.run(world.broker->create_topic(world.shard(), {.name = "a.b"}))->ok());
  const auto again = world.run(world.broker->create_topic(world.shard(), {.name = "a_b"}));
  ASSERT_FALSE(again->ok());
  EXPECT_EQ(again->error().code, Errc::kExists);
}

TEST_P(BrokerOnShards, ADeletedTopicIsGoneAndItsNameIsFree) {
  BrokerWorld world(9, GetParam());
  ASSERT_TRUE(world.open()) << world.error;
  const auto first = world.run(world.broker->create_topic(world.shard(), {.name = "t", .partition_count = 2}));
  ASSERT_TRUE(world.run(world.broker->delete_topic(world.shard(), (**first)->id))->ok());
  world.world.run_until_idle();
  EXPECT_EQ(world.shard().catalog().find(kDefaultAccount, "t"), nullptr);
  const auto second = world.run(world.broker->create_topic(world.shard(), {.name = "t"}));
  ASSERT_TRUE(second->ok());
  EXPECT_NE((**second)->id, (**first)->id);
  world.kill();
  ASSERT_TRUE(world.open()) << world.error;
  world.world.run_until_idle();
  EXPECT_EQ(world.shard().catalog().by_id().size(), 1u);
  EXPECT_EQ(world.shard().catalog().find(kDefaultAccount, "t")->id, (**second)->id);
}

TEST_P(BrokerOnShards, AConfigChangeReachesThePartition) {
  BrokerWorld world(10, GetParam());
  ASSERT_TRUE(world.open()) << world.error;
  const auto made = world.run(world.broker->create_topic(world.shard(), {.name = "t"}));
  TopicConfig config = (**made)->config;
  config.durability = log::Durability::kOs;
  const auto updated = world.run(world.broker->update_topic(world.shard(), (**made)->id, config));
  ASSERT_TRUE(updated->ok());
  ShardBroker& home = world.broker->home((**updated)->partitions[0]);
  EXPECT_EQ(home.local_partition(***updated, PartitionIndex(0))->settings().durability, log::Durability::kOs);
}

runtime::Task<> ignore(runtime::Task<Result<TopicPointer>> change) { (void)(co_await std::move(change)).ok(); }

runtime::Task<bool> change_and_grow(Broker& broker, ShardBroker& here, TopicId id, TopicConfig config) {
  runtime::TaskGroup group;
  group.spawn(ignore(broker.add_partitions(here, id, 3)));
  group.spawn(ignore(broker.update_topic(here, id, config)));
  group.spawn(ignore(broker.add_partitions(here, id, 4)));  // not behind two partitions any more: refused
  co_await group.close();
  co_return true;
}

TEST_P(BrokerOnShards, ChangesOfOneTurnDoNotTakeEachOtherBack) {
  BrokerWorld world(12, GetParam());
  ASSERT_TRUE(world.open()) << world.error;
  const auto last_shard = static_cast<std::uint32_t>(GetParam() - 1);
  const auto made = world.run(world.broker->create_topic(world.shard(), {.name = "t", .partition_count = 2}));
  TopicConfig config = (**made)->config;
  config.retention_ms = 1234;
  ASSERT_TRUE(world.run(change_and_grow(*world.broker, world.shard(last_shard), (**made)->id, config), last_shard));
  for (const bool again : {false, true}) {
    if (again) {
      world.lose_power();
      ASSERT_TRUE(world.open()) << world.error;
    }
    world.world.run_until_idle();
    const TopicPointer topic = world.shard().catalog().find(kDefaultAccount, "t");
    EXPECT_EQ(topic->config.retention_ms, 1234);
    ASSERT_EQ(topic->partitions.size(), 3u);
    EXPECT_NE(world.broker->home(topic->partitions[2]).local_partition(*topic, PartitionIndex(2)), nullptr);
  }
  EXPECT_EQ(world.run(world.broker->add_partitions(world.shard(), (**made)->id, 3))->error().code, Errc::kConflict);
}

runtime::Task<> delete_topic(Broker& broker, ShardBroker& here, TopicId id) { (void)(co_await broker.delete_topic(here, id)).ok(); }
runtime::Task<> grow(Broker& broker, ShardBroker& here, TopicId id, std::optional<Errc>& refused) {
  const Result<TopicPointer> grown = co_await broker.add_partitions(here, id, 2);
  refused = grown.ok() ? std::nullopt : std::optional(grown.error().code);
}

TEST_P(BrokerOnShards, ATopicThatIsBeingDeletedIsNotChangedBack) {
  BrokerWorld world(13, GetParam());
  ASSERT_TRUE(world.open()) << world.error;
  const auto made = world.run(world.broker->create_topic(world.shard(), {.name = "t"}));
  const TopicId id = (**made)->id;
  std::optional<Errc> refused;
  world.shard().shard().loop.post([&] {
    world.shard().shard().tasks.spawn(delete_topic(*world.broker, world.shard(), id));
    world.shard().shard().tasks.spawn(grow(*world.broker, world.shard(), id, refused));
  });
  ASSERT_TRUE(world.world.run_until([&] { return refused.has_value(); }, 10s));
  world.world.run_until_idle();
  EXPECT_EQ(refused, Errc::kNotFound);
  EXPECT_EQ(world.shard().catalog().find(id), nullptr);
}

Broker::CreateTopic topic_capturing(std::string name, std::string subject) {
  Broker::CreateTopic request{.name = std::move(name)};
  request.config = stream_defaults();
  request.config.subjects = {std::move(subject)};
  return request;
}
runtime::Task<> keep_code(runtime::Task<Result<TopicPointer>> task, std::optional<Errc>& code, int& ended) {
  const Result<TopicPointer> result = co_await std::move(task);
  code = result.ok() ? std::nullopt : std::optional(result.error().code);
  ++ended;
}

// Who comes first is decided where the catalog's commands are ordered, whether or not they are on disk yet.
TEST_P(BrokerOnShards, ASubjectBelongsToOneTopicHoweverManyAskAtOnce) {
  BrokerWorld world(15, GetParam());
  ASSERT_TRUE(world.open()) << world.error;
  const auto last_shard = static_cast<std::uint32_t>(GetParam() - 1);
  const auto first = world.run(world.broker->create_topic(world.shard(), topic_capturing("first", "a")));
  ASSERT_TRUE((*first).ok());
  const auto at_once = [&](const std::function<runtime::Task<Result<TopicPointer>>(ShardBroker&)>& one,
                           const std::function<runtime::Task<Result<TopicPointer>>(ShardBroker&)>& other) {
    std::array<std::optional<Errc>, 2> codes;
    int ended = 0;
    for (const std::uint32_t i : {0u, 1u}) {
      ShardBroker& here = world.shard(i == 0 ? 0 : last_shard);
      here.shard().loop.post([&, i] { here.shard().tasks.spawn(keep_code(i == 0 ? one(here) : other(here), codes[i], ended)); });
    }
    EXPECT_TRUE(world.world.run_until([&] { return ended == 2; }, 10s));
    EXPECT_NE(codes[0].has_value(), codes[1].has_value()) << "one of them is refused";
    return codes[0].value_or(codes[1].value_or(Errc::kInvalid));
  };
  const auto creating = [&](std::string name, std::string subject) {
    return [&, name, subject](ShardBroker& here) { return world.broker->create_topic(here, topic_capturing(name, subject)); };
  };
  const auto updating = [&](std::string subject) {
    return [&, subject](ShardBroker& here) {
      return world.broker->update_topic(here, (**first)->id, topic_capturing("first", subject).config);
    };
  };
  EXPECT_EQ(at_once(creating("x", "x.*"), creating("y", "x.y")), Errc::kConflict);
  EXPECT_EQ(at_once(updating("b"), creating("b", "b")), Errc::kConflict);
  EXPECT_EQ(at_once(creating("same", "c"), creating("same", "c")), Errc::kExists);
  EXPECT_EQ(world.run(world.broker->create_topic(world.shard(), topic_capturing("late", "c")))->error().code, Errc::kConflict);
  EXPECT_TRUE(world.run(world.broker->update_topic(world.shard(), (**first)->id, topic_capturing("first", "d").config))->ok());
}

// A task that waits for nobody, and asks the other shard again and again.
runtime::Task<> keep_asking(ShardBroker& here, ShardBroker& there, int times, int& answers) {
  for (int i = 0; i < times; ++i)
    answers += co_await on_shard<int>(here.shard(), there.shard(), []() -> runtime::Task<int> { co_return 1; });
}

TEST(Broker, AShardAnswersOthersWhileItsOwnTasksAreClosed) {
  BrokerWorld world(14, 2);
  ASSERT_TRUE(world.open()) << world.error;
  int answers = 0;
  world.shard(0).shard().loop.post([&] { world.shard(0).shard().tasks.spawn(keep_asking(world.shard(0), world.shard(1), 50, answers)); });
  world.world.run_until([&] { return answers > 0; }, 1s);
  world.kill();  // shard 1 has nothing to wait for, and closes first
  EXPECT_EQ(answers, 50);
}

TEST(Broker, AThousandPartitionsOfOneTopicCostThreeSyncs) {
  BrokerWorld world(11);
  ASSERT_TRUE(world.open()) << world.error;
  const std::uint64_t before = world.broker->disk().committer().sync_count();
  ASSERT_TRUE(world.run(world.broker->create_topic(world.shard(), {.name = "wide", .partition_count = 1000}))->ok());
  EXPECT_LE(world.broker->disk().committer().sync_count() - before, 3u);
}

}  // namespace
}  // namespace firth::broker
