// The APIs of groups as requests and responses, on one and two shards.
#include <gtest/gtest.h>

#include "broker/groups.h"
#include "kafka/handlers/group_admin.h"
#include "kafka/handlers/group_membership.h"
#include "kafka/handlers/group_offsets.h"
#include "tests/broker/broker_world.h"

namespace firth::kafka {
namespace {

using broker::test::BrokerWorld;
using namespace std::chrono_literals;

class GroupApis : public testing::TestWithParam<std::size_t> {
 protected:
  GroupApis() : world(31, GetParam()) {
    world.prepare = [this](broker::Broker& opened) {
      groups = std::make_unique<broker::Groups>(opened, broker::GroupSettings{.initial_rebalance_delay = 0ms});
      face.groups = groups.get();
    };
    face.settings.advertised_host = "broker.example";
    face.settings.advertised_port = 9092;
  }
  void SetUp() override { ASSERT_TRUE(world.open()) << world.error; }

  // Asked from the last shard.
  template <class Api>
  typename Api::Response ask(std::int16_t version, typename Api::Request request) {
    const auto from = static_cast<std::uint32_t>(GetParam() - 1);
    const Context context{.broker = world.shard(from),
                          .face = face,
                          .account = account,
                          .client_host = host,
                          .client_id = "client",
                          .api_version = version,
                          .cancellation = world.shard(from).shard().tasks.cancellation()};
    auto answer = world.run(Api::handle(context, std::move(request)), from);
    EXPECT_TRUE(answer.has_value());
    return std::move(*answer);
  }
  TopicId make_topic(std::string name) {
    const auto from = static_cast<std::uint32_t>(GetParam() - 1);
    const auto made = world.run(world.broker->create_topic(world.shard(from), {.name = std::move(name), .partition_count = 2}), from);
    return (**made)->id;
  }
  // A group of one in Stable.
  JoinGroupResponse stable_member(const std::string& group) {
    JoinGroupRequest join{.group_id = group, .session_timeout_ms = 10'000, .rebalance_timeout_ms = 10'000, .protocol_type = "consumer"};
    join.protocols.push_back({.name = "range", .metadata = SharedBytes::copy(as_bytes("wish"))});
    const JoinGroupResponse given = ask<JoinGroup>(9, join);
    EXPECT_EQ(given.error_code, ErrorCode::kMemberIdRequired);
    join.member_id = given.member_id;
    const JoinGroupResponse joined = ask<JoinGroup>(9, join);
    EXPECT_EQ(joined.error_code, ErrorCode::kNone);
    SyncGroupRequest sync{.group_id = group, .generation_id = joined.generation_id, .member_id = joined.member_id};
    sync.assignments.push_back({.member_id = joined.member_id, .assignment = SharedBytes::copy(as_bytes("all"))});
    const SyncGroupResponse synced = ask<SyncGroup>(5, sync);
    EXPECT_EQ(synced.error_code, ErrorCode::kNone);
    EXPECT_EQ(as_text(synced.assignment.view()), "all");
    return joined;
  }
  ErrorCode commit(std::int16_t version, OffsetCommitRequest request) {
    return ask<OffsetCommit>(version, std::move(request)).topics.at(0).partitions.at(0).error_code;
  }
  static OffsetCommitRequest commit_of(const std::string& group, const std::string& topic, std::int64_t offset) {
    OffsetCommitRequest request{.group_id = group};
    request.topics.push_back(
        {.name = topic, .partitions = {{.partition_index = 1, .committed_offset = offset, .committed_metadata = "m"}}});
    return request;
  }

  BrokerWorld world;
  Face face;
  std::unique_ptr<broker::Groups> groups;
  std::string account{broker::kDefaultAccount};
  std::string host = "/127.0.0.1";
};
INSTANTIATE_TEST_SUITE_P(Shards, GroupApis, testing::Values(1, 2));

TEST_P(GroupApis, FindCoordinatorNamesThisBroker) {
  const auto one = ask<FindCoordinator>(3, {.key = "g", .key_type = 0});
  EXPECT_EQ(one.error_code, ErrorCode::kNone);
  EXPECT_EQ(one.node_id, kNodeId);
  EXPECT_EQ(one.host, "broker.example");
  EXPECT_EQ(one.port, 9092);
  const auto many = ask<FindCoordinator>(6, {.key_type = 0, .coordinator_keys = {"g", "h"}});
  ASSERT_EQ(many.coordinators.size(), 2u);
  EXPECT_EQ(many.coordinators[1].key, "h");
  EXPECT_EQ(many.coordinators[1].node_id, kNodeId);
  EXPECT_EQ(ask<FindCoordinator>(6, {.key_type = 2, .coordinator_keys = {"g:t:0"}}).coordinators[0].error_code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(world.shard().catalog().find(account, broker::kOffsetsTopic)->partitions.size(), 50u);
}

TEST_P(GroupApis, AMemberJoinsCommitsAndLeaves) {
  make_topic("orders");
  const JoinGroupResponse member = stable_member("g");
  EXPECT_EQ(ask<Heartbeat>(4, {.group_id = "g", .generation_id = 1, .member_id = member.member_id}).error_code, ErrorCode::kNone);
  EXPECT_EQ(ask<Heartbeat>(4, {.group_id = "g", .generation_id = 2, .member_id = member.member_id}).error_code,
            ErrorCode::kIllegalGeneration);
  OffsetCommitRequest request = commit_of("g", "orders", 12);
  EXPECT_EQ(commit(8, request), ErrorCode::kUnknownMemberId) << "not of nobody while there are members";
  request.generation_id_or_member_epoch = 1;
  request.member_id = member.member_id;
  EXPECT_EQ(commit(8, request), ErrorCode::kNone);

  const auto described = ask<DescribeGroups>(5, {.groups = {"g"}, .include_authorized_operations = true}).groups.at(0);
  EXPECT_EQ(described.group_state, "Stable");
  EXPECT_EQ(described.protocol_data, "range");
  EXPECT_EQ(described.authorized_operations, 3400);
  ASSERT_EQ(described.members.size(), 1u);
  EXPECT_EQ(described.members[0].client_host, "/127.0.0.1");
  EXPECT_EQ(as_text(described.members[0].member_metadata.view()), "wish");
  EXPECT_EQ(ask<DeleteGroups>(2, {.groups_names = {"g"}}).results[0].error_code, ErrorCode::kNonEmptyGroup);

  const auto left = ask<LeaveGroup>(5, {.group_id = "g", .members = {{.member_id = member.member_id}, {.member_id = "nobody"}}});
  EXPECT_EQ(left.error_code, ErrorCode::kNone);
  EXPECT_EQ(left.members[0].error_code, ErrorCode::kNone);
  EXPECT_EQ(left.members[1].error_code, ErrorCode::kUnknownMemberId);
  EXPECT_EQ(ask<LeaveGroup>(2, {.group_id = "g", .member_id = "nobody"}).error_code, ErrorCode::kUnknownMemberId);
  EXPECT_EQ(ask<DescribeGroups>(5, {.groups = {"g"}}).groups[0].group_state, "Empty");
  EXPECT_EQ(ask<DeleteGroups>(2, {.groups_names = {"g"}}).results[0].error_code, ErrorCode::kNone);
  EXPECT_EQ(ask<DeleteGroups>(2, {.groups_names = {"g"}}).results[0].error_code, ErrorCode::kGroupIdNotFound);
}

TEST_P(GroupApis, OffsetsAreFetchedInEveryForm) {
  const TopicId id = make_topic("orders");
  EXPECT_EQ(commit(2, commit_of("g", "orders", 12)), ErrorCode::kNone);
  OffsetCommitRequest by_id = commit_of("g", "", 13);
  by_id.topics[0].topic_id = id;
  EXPECT_EQ(commit(10, by_id), ErrorCode::kNone);
  by_id.topics[0].topic_id = TopicId{};
  EXPECT_EQ(commit(10, by_id), ErrorCode::kUnknownTopicId);
  EXPECT_EQ(commit(9, commit_of("g", "nothing", 1)), ErrorCode::kUnknownTopicOrPartition);
  OffsetCommitRequest long_metadata = commit_of("g", "orders", 1);
  long_metadata.topics[0].partitions[0].committed_metadata = std::string(4097, 'x');
  EXPECT_EQ(commit(9, long_metadata), ErrorCode::kOffsetMetadataTooLarge);

  const auto single = ask<OffsetFetch>(1, {.group_id = "g", .topics = {{{.name = "orders", .partition_indexes = {0, 1}}}}});
  ASSERT_EQ(single.topics.at(0).partitions.size(), 2u);
  EXPECT_EQ(single.topics[0].partitions[0].committed_offset, -1);
  EXPECT_EQ(single.topics[0].partitions[1].committed_offset, 13);
  EXPECT_EQ(single.topics[0].partitions[1].metadata, "m");
  const auto all = ask<OffsetFetch>(7, {.group_id = "g", .topics = std::nullopt});
  ASSERT_EQ(all.topics.size(), 1u);
  EXPECT_EQ(all.topics[0].partitions.size(), 1u);

  OffsetFetchRequest many;
  many.groups.push_back({.group_id = "g", .topics = std::nullopt});
  many.groups.push_back({.group_id = "h", .topics = std::nullopt});
  const auto both = ask<OffsetFetch>(8, many);
  EXPECT_EQ(both.groups.at(0).topics.at(0).name, "orders");
  EXPECT_TRUE(both.groups.at(1).topics.empty());
  many.groups[1].topics = {{{.topic_id = TopicId{}, .partition_indexes = {0}}, {.topic_id = id, .partition_indexes = {1}}}};
  const auto with_ids = ask<OffsetFetch>(10, many);
  EXPECT_EQ(with_ids.groups[0].topics[0].topic_id, id);
  EXPECT_EQ(with_ids.groups[1].topics.at(0).partitions[0].error_code, ErrorCode::kUnknownTopicId);
  EXPECT_EQ(with_ids.groups[1].topics.at(1).partitions[0].committed_offset, -1);
}

TEST_P(GroupApis, AGroupThatIsNotThereIsToldByVersion) {
  const auto dead = ask<DescribeGroups>(5, {.groups = {"g"}}).groups.at(0);
  EXPECT_EQ(dead.error_code, ErrorCode::kNone);
  EXPECT_EQ(dead.group_state, "Dead");
  const auto absent = ask<DescribeGroups>(6, {.groups = {"g"}}).groups.at(0);
  EXPECT_EQ(absent.error_code, ErrorCode::kGroupIdNotFound);
  EXPECT_EQ(world.shard().catalog().find(account, broker::kOffsetsTopic), nullptr) << "asking makes nothing";
  EXPECT_EQ(ask<JoinGroup>(9, {.group_id = ""}).error_code, ErrorCode::kInvalidGroupId);
  EXPECT_EQ(ask<JoinGroup>(0, {.group_id = ""}).protocol_name, "") << "null only from version 7 on";
  EXPECT_EQ(ask<JoinGroup>(7, {.group_id = ""}).protocol_name, std::nullopt);
}

TEST_P(GroupApis, GroupsAreListedByStateAndType) {
  make_topic("orders");
  stable_member("members");
  commit(9, commit_of("simple", "orders", 1));
  EXPECT_EQ(ask<ListGroups>(0, {}).groups.size(), 2u);
  const auto stable = ask<ListGroups>(5, {.states_filter = {"stable"}, .types_filter = {"Classic"}});
  ASSERT_EQ(stable.groups.size(), 1u);
  EXPECT_EQ(stable.groups[0].group_id, "members");
  EXPECT_EQ(stable.groups[0].group_type, "classic");
  EXPECT_EQ(ask<ListGroups>(4, {.states_filter = {"Empty"}}).groups.at(0).group_id, "simple");
  EXPECT_TRUE(ask<ListGroups>(5, {.types_filter = {"share"}}).groups.empty());
}

TEST_P(GroupApis, TheOldestVersionsGetNoIdFirst) {
  JoinGroupRequest join{.group_id = "old", .session_timeout_ms = 10'000, .protocol_type = "consumer"};
  join.protocols.push_back({.name = "range", .metadata = {}});
  const JoinGroupResponse joined = ask<JoinGroup>(0, join);
  EXPECT_EQ(joined.error_code, ErrorCode::kNone);
  EXPECT_EQ(joined.leader, joined.member_id);
}

}  // namespace
}  // namespace firth::kafka
