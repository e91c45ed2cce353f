#include "broker/broker.h"

#include <gtest/gtest.h>

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

TEST(Broker, AThousandPartitionsOfOneTopicCostThreeSyncs) {
  BrokerWorld world(11);
  ASSERT_TRUE(world.open()) << world.error;
  const std::uint64_t before = world.broker->disk().committer().sync_count();
  ASSERT_TRUE(world.run(world.broker->create_topic(world.shard(), {.name = "wide", .partition_count = 1000}))->ok());
  EXPECT_LE(world.broker->disk().committer().sync_count() - before, 3u);
}

}  // namespace
}  // namespace firth::broker
