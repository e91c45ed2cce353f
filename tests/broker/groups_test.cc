// Groups in a broker: where they live, what of them survives, what goes with a topic.
#include "broker/groups.h"

#include <gtest/gtest.h>

#include <map>

#include "broker/group_expiry.h"
#include "tests/broker/broker_world.h"

namespace firth::broker {
namespace {

using namespace test;

// A broker world with groups, which come back with it.
class GroupsWorld {
 public:
  explicit GroupsWorld(std::uint64_t seed, std::size_t shard_count = 1, GroupSettings group_settings = {})
      : broker_world(seed, shard_count), shards(shard_count), settings(group_settings) {}

  void open() {
    broker_world.prepare = [this](Broker& broker) { groups = std::make_unique<Groups>(broker, settings); };
    ASSERT_TRUE(broker_world.open()) << broker_world.error;
    broker_world.world.run_until_idle();
  }
  void restart(bool power_loss) {
    power_loss ? broker_world.lose_power() : broker_world.kill();
    open();
  }
  TopicId make_topic(std::string name, std::int32_t partition_count = 1) {
    Broker& broker = *broker_world.broker;
    const auto made =
        broker_world.run(broker.create_topic(broker_world.shard(), {.name = std::move(name), .partition_count = partition_count}));
    return (**made)->id;
  }
  void delete_topic(TopicId id) { ASSERT_TRUE(broker_world.run(broker_world.broker->delete_topic(broker_world.shard(), id))->ok()); }

  GroupRef ref(std::string id) const {
    return {.id = id, .partition = PartitionIndex(static_cast<std::int32_t>(std::hash<std::string>()(id) % kOffsetsPartitions))};
  }
  // Runs what `operation` makes on the group's shard, asked from the last one.
  template <class T>
  T ask(GroupRef group, std::function<runtime::Task<T>(ShardGroups&)> operation) {
    const auto from = static_cast<std::uint32_t>(shards - 1);
    std::optional<T> answer = broker_world.run(ask_from<T>(*this, broker_world.shard(from), group, std::move(operation)), from);
    return std::move(*answer);
  }
  GroupFault commit(const std::string& group, std::string topic, std::int64_t offset, std::int32_t partition = 0) {
    const GroupRef at = ref(group);
    return ask<std::vector<GroupFault>>(at,
                                        [at, topic, offset, partition](ShardGroups& there) {
                                          return there.commit(
                                              at, {}, {{.topic = topic, .partition = PartitionIndex(partition), .offset = Offset(offset)}});
                                        })
        .front();
  }
  std::map<std::string, std::int64_t> offsets(const std::string& group) {
    const GroupRef at = ref(group);
    std::map<std::string, std::int64_t> found;
    for (const FetchedOffset& fetched :
         *ask<Result<std::vector<FetchedOffset>>>(at, [at](ShardGroups& there) { return there.fetch(at, std::nullopt); }))
      found[fetched.topic] = fetched.committed->offset.value();
    return found;
  }
  GroupFault erase(const std::string& group) {
    const GroupRef at = ref(group);
    return ask<GroupFault>(at, [at](ShardGroups& there) { return there.erase(at); });
  }
  Result<GroupDescription> describe(const std::string& group) {
    const GroupRef at = ref(group);
    return ask<Result<GroupDescription>>(at, [at](ShardGroups& there) { return there.describe(at); });
  }
  // One member, through join and sync.
  JoinAnswer stable_member(const std::string& group) {
    const GroupRef at = ref(group);
    JoinRequest request{.client_id = "c", .client_host = "/", .protocol_type = "consumer"};
    request.protocols.push_back({.name = "range", .metadata = SharedBytes::copy(as_bytes("m"))});
    request.session_timeout = 60s;
    request.rebalance_timeout = 60s;
    request.first_join = FirstJoin::kTakesPart;
    const JoinAnswer joined = ask<JoinAnswer>(at, [at, request](ShardGroups& there) { return there.join(at, request); });
    SyncRequest sync{.member = {.member_id = joined.member_id, .generation = joined.generation}};
    sync.assignments.push_back({.member_id = joined.member_id, .assignment = SharedBytes::copy(as_bytes("all"))});
    const SyncAnswer synced = ask<SyncAnswer>(at, [at, sync](ShardGroups& there) { return there.sync(at, sync); });
    EXPECT_EQ(synced.fault, GroupFault::kNone);
    return joined;
  }

  BrokerWorld broker_world;
  std::size_t shards;
  GroupSettings settings;
  std::unique_ptr<Groups> groups;

 private:
  template <class T>
  static runtime::Task<T> ask_from(GroupsWorld& world, ShardBroker& here, GroupRef group,
                                   std::function<runtime::Task<T>(ShardGroups&)> operation) {
    const auto home = co_await world.groups->home(here, group.account, group.partition, Groups::IfAbsent::kMake);
    EXPECT_TRUE(home.ok());
    co_return co_await on_shard<T>(here.shard(), (*home)->shard().shard(), [home = *home, &operation] { return operation(*home); });
  }
};

class GroupsOnShards : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Shards, GroupsOnShards, testing::Values(1, 2));

TEST_P(GroupsOnShards, AnAcknowledgedCommitNeverGoesBack) {
  for (const bool power_loss : {false, true}) {
    GroupsWorld world(21, GetParam());
    world.open();
    world.make_topic("orders");
    std::int64_t offset = 0;
    for (int round = 0; round < 4; ++round) {
      for (int i = 0; i < 20; ++i)
        for (const char* group : {"g", "audit", "billing"}) ASSERT_EQ(world.commit(group, "orders", ++offset), GroupFault::kNone);
      if (round == 2) {  // checkpoints in between, so that pieces come from them as well as from the journal
        world.broker_world.broker->settle([] {});
        world.broker_world.world.run_until_idle();
      }
      world.restart(power_loss);
      EXPECT_EQ(world.offsets("g")["orders"], offset - 2);
      EXPECT_EQ(world.offsets("audit")["orders"], offset - 1);
      EXPECT_EQ(world.offsets("billing")["orders"], offset);
    }
  }
}

TEST_P(GroupsOnShards, OffsetsOfATopicGoWithIt) {
  GroupsWorld world(22, GetParam());
  world.open();
  const TopicId id = world.make_topic("orders");
  world.make_topic("other");
  world.commit("g", "orders", 7);
  world.commit("g", "other", 8);
  world.delete_topic(id);
  world.broker_world.world.run_until_idle();
  world.make_topic("orders");
  EXPECT_EQ(world.offsets("g"), (std::map<std::string, std::int64_t>{{"other", 8}}));
  EXPECT_EQ(world.commit("g", "orders", 1), GroupFault::kNone);
  world.restart(true);
  EXPECT_EQ(world.offsets("g"), (std::map<std::string, std::int64_t>{{"orders", 1}, {"other", 8}}));
}

TEST_P(GroupsOnShards, ACommitIsRefusedForWhatIsNotThere) {
  GroupsWorld world(23, GetParam());
  world.open();
  world.make_topic("orders");
  EXPECT_EQ(world.commit("g", "nothing", 1), GroupFault::kUnknownPartition);
  EXPECT_EQ(world.commit("g", "orders", 1, 1), GroupFault::kUnknownPartition);
  EXPECT_EQ(world.commit("g", "orders", 1, -1), GroupFault::kUnknownPartition);
  EXPECT_EQ(world.describe("g").error().code, Errc::kNotFound);
}

TEST_P(GroupsOnShards, AStableGroupSurvivesWithItsMembers) {
  GroupsWorld world(24, GetParam());
  world.open();
  const JoinAnswer member = world.stable_member("g");
  world.restart(true);
  const auto description = world.describe("g");
  ASSERT_TRUE(description.ok());
  EXPECT_EQ(description->state, GroupState::kStable);
  ASSERT_EQ(description->members.size(), 1u);
  EXPECT_EQ(description->members[0].id, member.member_id);
  EXPECT_EQ(as_text(description->members[0].assignment.view()), "all");
  const GroupRef at = world.ref("g");
  const MemberRef who{.member_id = member.member_id, .generation = member.generation};
  EXPECT_EQ((world.ask<GroupFault>(at, [at, who](ShardGroups& there) { return there.heartbeat(at, who); })), GroupFault::kNone);
}

TEST_P(GroupsOnShards, IsErasedOnlyWhenEmpty) {
  GroupsWorld world(25, GetParam());
  world.open();
  world.make_topic("orders");
  EXPECT_EQ(world.erase("g"), GroupFault::kNotFound);
  const JoinAnswer member = world.stable_member("g");
  EXPECT_EQ(world.erase("g"), GroupFault::kNotEmpty);
  const GroupRef at = world.ref("g");
  const std::vector<GroupCoordinator::Leaving> leaving{{.member_id = member.member_id}};
  world.ask<std::vector<GroupFault>>(at, [at, leaving](ShardGroups& there) { return there.leave(at, leaving); });
  EXPECT_EQ(world.commit("g", "orders", 5), GroupFault::kNone);
  EXPECT_EQ(world.erase("g"), GroupFault::kNone);
  EXPECT_TRUE(world.offsets("g").empty());
  world.restart(true);
  EXPECT_EQ(world.describe("g").error().code, Errc::kNotFound);
}

TEST_P(GroupsOnShards, AreListed) {
  GroupsWorld world(26, GetParam());
  world.open();
  world.make_topic("orders");
  world.commit("simple", "orders", 1);
  world.stable_member("member");
  std::map<std::string, std::pair<std::string, GroupState>> listed;
  for (std::uint32_t i = 0; i < GetParam(); ++i) {
    const auto here = world.broker_world.run(world.groups->shard(ShardIndex(i)).list(std::string(kDefaultAccount)), i);
    for (const ListedGroup& group : *here) listed[group.id] = {group.protocol_type, group.state};
  }
  EXPECT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed["simple"], std::pair(std::string(), GroupState::kEmpty));
  EXPECT_EQ(listed["member"], std::pair(std::string("consumer"), GroupState::kStable));
}

TEST(GroupExpiry, CountsFromTheCommitOrFromWhenTheGroupBecameEmpty) {
  const GroupOffsets::TopicPartition a{"orders", PartitionIndex(0)}, b{"orders", PartitionIndex(1)};
  struct Row {
    std::optional<std::int64_t> empty_since_ms;  // nothing: nobody was ever in the group
    std::int64_t a_ms, b_ms;                     // committed
    std::vector<GroupOffsets::TopicPartition> expired;
    bool is_over;
  };
  const Row rows[] = {
      {std::nullopt, 0, 0, {a, b}, true},
      {std::nullopt, 0, 1, {a}, false},
      {std::nullopt, 1, 1, {}, false},
      {0, 0, 0, {a, b}, true},
      {1, 0, 0, {}, false},
      {0, 0, 500, {a}, false},
      {-1, 0, 0, {a, b}, true},  // stored by something that did not know
  };
  for (const Row& row : rows) {
    GroupOffsets::Group group;
    if (row.empty_since_ms) group.metadata = GroupMetadata{.protocol_type = "consumer", .state_time_ms = *row.empty_since_ms};
    group.offsets[a] = CommittedOffset{.commit_time_ms = row.a_ms};
    group.offsets[b] = CommittedOffset{.commit_time_ms = row.b_ms};
    const ExpiredGroup found = find_expired(group, 1000ms, 1000);
    EXPECT_EQ(found.offsets, row.expired);
    EXPECT_EQ(found.is_over, row.is_over);
  }
  EXPECT_TRUE(find_expired(GroupOffsets::Group{.metadata = GroupMetadata{}, .offsets = {}}, 1000ms, 1000).is_over);
}

TEST_P(GroupsOnShards, OffsetsThatNobodyUsesAreForgotten) {
  GroupsWorld world(27, GetParam(), {.offsets_retention = 60min, .offsets_check_interval = 1min});
  world.open();
  world.make_topic("orders", 2);
  const auto run_for = [&](std::chrono::nanoseconds time) { world.broker_world.world.run_for(time); };
  const JoinAnswer member = world.stable_member("members");
  const GroupRef at = world.ref("members");
  const MemberRef who{.member_id = member.member_id, .generation = member.generation};
  const auto commits = world.ask<std::vector<GroupFault>>(at, [at, who](ShardGroups& there) {
    return there.commit(at, who, {{.topic = "orders", .partition = PartitionIndex(0), .offset = Offset(3)}});
  });
  EXPECT_EQ(commits.front(), GroupFault::kNone);
  world.commit("simple", "orders", 1, 0);
  run_for(30min);  // the member is silent: its session ends after a minute
  EXPECT_EQ(world.describe("members")->state, GroupState::kEmpty);
  world.commit("late", "orders", 2, 1);
  run_for(31min + 20s);  // one check later than an hour after the commit
  EXPECT_TRUE(world.offsets("simple").empty());
  EXPECT_EQ(world.describe("simple").error().code, Errc::kNotFound);
  EXPECT_EQ(world.offsets("members")["orders"], 3) << "it became empty a minute later";
  run_for(5min);
  EXPECT_EQ(world.describe("members").error().code, Errc::kNotFound);
  EXPECT_EQ(world.offsets("late")["orders"], 2);
  world.restart(true);
  EXPECT_EQ(world.describe("members").error().code, Errc::kNotFound);
  EXPECT_EQ(world.offsets("late")["orders"], 2);
  run_for(60min);
  EXPECT_TRUE(world.offsets("late").empty()) << "the check begins anew after a start";
}

}  // namespace
}  // namespace firth::broker
