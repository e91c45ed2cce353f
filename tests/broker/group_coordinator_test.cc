#include "broker/group_coordinator.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/broker/group_world.h"

namespace firth::broker {
namespace {

using namespace test;

TEST(GroupCoordinator, ANewMemberIsGivenAnIdToJoinWith) {
  GroupWorld group;
  const auto first = group.join(GroupWorld::request());
  ASSERT_TRUE(first->has_value());
  EXPECT_EQ((*first)->fault, GroupFault::kMemberIdRequired);
  EXPECT_EQ((*first)->member_id.size(), std::string("client-").size() + 36);
  EXPECT_FALSE(group.coordinator->is_unused());

  const auto joined = group.join(GroupWorld::request((*first)->member_id));
  EXPECT_FALSE(joined->has_value()) << "waits for others";
  EXPECT_EQ(group.coordinator->state(), GroupState::kPreparingRebalance);
  group.world.run_for(7s);
  ASSERT_TRUE(joined->has_value());
  EXPECT_EQ((*joined)->fault, GroupFault::kNone);
  EXPECT_EQ((*joined)->generation, 1);
  EXPECT_EQ((*joined)->protocol, "range");
  EXPECT_EQ((*joined)->leader, (*first)->member_id);
  EXPECT_EQ((*joined)->members.size(), 1u);
  EXPECT_EQ(group.coordinator->state(), GroupState::kCompletingRebalance);
}

TEST(GroupCoordinator, AnIdThatIsNotTakenUpIsForgotten) {
  GroupWorld group;
  const std::string id = group.new_id();
  group.world.run_for(11s);
  EXPECT_TRUE(group.coordinator->is_unused());
  EXPECT_EQ(group.unused_calls, 1);
  EXPECT_EQ((*group.join(GroupWorld::request(id)))->fault, GroupFault::kUnknownMember);
}

TEST(GroupCoordinator, RefusesWhatItCannotServe) {
  GroupWorld group(1, {.max_members = 2});
  const auto fault = [&](auto change) {
    JoinRequest request = GroupWorld::request();
    change(request);
    return (*group.join(std::move(request)))->fault;
  };
  EXPECT_EQ(fault([](JoinRequest& r) { r.session_timeout = 5999ms; }), GroupFault::kSessionTimeout);
  EXPECT_EQ(fault([](JoinRequest& r) { r.session_timeout = 1800001ms; }), GroupFault::kSessionTimeout);
  EXPECT_EQ(fault([](JoinRequest& r) { r.protocols.clear(); }), GroupFault::kInconsistentProtocol);
  EXPECT_EQ(fault([](JoinRequest& r) { r.protocol_type.clear(); }), GroupFault::kInconsistentProtocol);
  EXPECT_EQ(fault([](JoinRequest& r) { r.member_id = "nobody"; }), GroupFault::kUnknownMember);
  EXPECT_TRUE(group.coordinator->is_unused());

  group.stable_group(2);
  EXPECT_EQ(fault([](JoinRequest& r) { r.protocol_type = "connect"; }), GroupFault::kFull) << "full comes first";
  group.settings.max_members = 3;
  EXPECT_EQ(fault([](JoinRequest& r) { r.protocol_type = "connect"; }), GroupFault::kInconsistentProtocol);
  EXPECT_EQ(fault([](JoinRequest& r) { r.protocols.front().name = "other"; }), GroupFault::kInconsistentProtocol);
}

TEST(GroupCoordinator, GivesEachMemberItsAssignment) {
  GroupWorld group;
  const auto members = group.stable_group(3);
  EXPECT_EQ(group.coordinator->state(), GroupState::kStable);
  EXPECT_EQ(members[0].members.size(), 3u);
  EXPECT_TRUE(members[1].members.empty());
  for (const JoinAnswer& member : members) {
    EXPECT_EQ(member.generation, 1);
    EXPECT_EQ(member.leader, members[0].member_id);
    const auto synced = group.sync({.member = GroupWorld::ref(member), .protocol_type = "consumer", .protocol = "range"});
    ASSERT_TRUE(synced->has_value()) << "at once in Stable";
    EXPECT_EQ(as_text((*synced)->assignment.view()), "for " + member.member_id);
    EXPECT_EQ(group.heartbeat(GroupWorld::ref(member)), GroupFault::kNone);
  }
  const GroupDescription description = group.coordinator->describe();
  EXPECT_EQ(description.protocol, "range");
  ASSERT_EQ(description.members.size(), 3u);
  EXPECT_EQ(as_text(description.members[0].metadata.view()), "metadata of range");
}

TEST(GroupCoordinator, FollowersWaitForTheLeadersAssignmentToBeDurable) {
  GroupWorld group;
  group.stores_succeed.reset();
  const auto members = group.stable_group(2);
  EXPECT_EQ(group.coordinator->state(), GroupState::kCompletingRebalance);
  const auto follower = group.sync({.member = GroupWorld::ref(members[1])});
  EXPECT_FALSE(follower->has_value());
  EXPECT_EQ(group.heartbeat(GroupWorld::ref(members[1])), GroupFault::kNone) << "not 27 here, whatever its enum says";
  EXPECT_EQ(group.commit(GroupWorld::ref(members[1])), GroupFault::kRebalancing);
  group.at([&] { return group.coordinator->stored(group.stores, true), 0; });
  ASSERT_TRUE(follower->has_value());
  EXPECT_EQ(as_text((*follower)->assignment.view()), "for " + members[1].member_id);
}

TEST(GroupCoordinator, AnAssignmentThatIsNotStoredIsGivenToNobody) {
  GroupWorld group;
  group.stores_succeed = false;
  const auto joined = group.join(GroupWorld::request(group.new_id()));
  group.world.run_for(7s);
  const auto synced = group.sync({.member = GroupWorld::ref(**joined)});
  ASSERT_TRUE(synced->has_value());
  EXPECT_EQ((*synced)->fault, GroupFault::kNotAvailable);
  EXPECT_EQ(group.coordinator->state(), GroupState::kPreparingRebalance);
}

TEST(GroupCoordinator, AMemberMoreMakesANewGeneration) {
  GroupWorld group;
  const auto members = group.stable_group(1);
  const auto newcomer = group.join(GroupWorld::request(group.new_id()));
  EXPECT_EQ(group.heartbeat(GroupWorld::ref(members[0])), GroupFault::kRebalancing);
  EXPECT_EQ((*group.sync({.member = GroupWorld::ref(members[0])}))->fault, GroupFault::kRebalancing);
  const auto again = group.join(GroupWorld::request(members[0].member_id));
  ASSERT_TRUE(again->has_value() && newcomer->has_value()) << "no delay: all have joined";
  EXPECT_EQ((*again)->generation, 2);
  EXPECT_EQ((*newcomer)->generation, 2);
  EXPECT_EQ((*newcomer)->leader, members[0].member_id) << "the leader stays";
  EXPECT_EQ(group.heartbeat(GroupWorld::ref(members[0])), GroupFault::kIllegalGeneration);
  EXPECT_EQ(group.commit(GroupWorld::ref(members[0])), GroupFault::kIllegalGeneration);
}

TEST(GroupCoordinator, WhoDoesNotJoinAgainIsDropped) {
  GroupWorld group;
  auto members = group.stable_group(2);
  const auto newcomer = group.join(GroupWorld::request(group.new_id()));
  const auto again = group.join(GroupWorld::request(members[1].member_id));
  EXPECT_FALSE(again->has_value());
  // The former leader lives, but does not join.
  for (int i = 0; i < 4; ++i) {
    group.world.run_for(7s);
    group.heartbeat(GroupWorld::ref(members[0]));
  }
  group.world.run_for(3s);
  ASSERT_TRUE(again->has_value() && newcomer->has_value());
  EXPECT_EQ(group.coordinator->member_count(), 2u);
  EXPECT_NE((*again)->leader, members[0].member_id);
  EXPECT_EQ((*again)->leader, (*newcomer)->leader);
  EXPECT_EQ(group.heartbeat(GroupWorld::ref(members[0])), GroupFault::kUnknownMember);
}

TEST(GroupCoordinator, WhoDoesNotSyncIsDropped) {
  GroupWorld group;
  std::vector<GroupWorld::Joined> joined;
  for (int i = 0; i < 2; ++i) joined.push_back(group.join(GroupWorld::request(group.new_id())));
  group.world.run_for(10s);
  const bool first_leads = GroupWorld::leads(**joined[0]);
  const JoinAnswer leader = **joined[first_leads ? 0 : 1];
  const JoinAnswer follower = **joined[first_leads ? 1 : 0];
  const auto synced = group.sync({.member = GroupWorld::ref(follower)});
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(group.heartbeat(GroupWorld::ref(leader)), GroupFault::kNone);
    group.world.run_for(8s);
  }
  ASSERT_TRUE(synced->has_value());
  EXPECT_EQ((*synced)->fault, GroupFault::kRebalancing);
  EXPECT_EQ(group.coordinator->member_count(), 1u);
  const auto again = group.join(GroupWorld::request(follower.member_id));
  ASSERT_TRUE(again->has_value());
  EXPECT_EQ((*again)->leader, follower.member_id);
}

TEST(GroupCoordinator, ASessionEndsWithoutHeartbeats) {
  GroupWorld group;
  const auto members = group.stable_group(2);
  for (int i = 0; i < 3; ++i) {
    group.world.run_for(4s);
    group.heartbeat(GroupWorld::ref(members[1]));
  }
  EXPECT_EQ(group.coordinator->state(), GroupState::kPreparingRebalance);
  EXPECT_EQ(group.coordinator->member_count(), 1u);
  const auto again = group.join(GroupWorld::request(members[1].member_id));
  EXPECT_TRUE(again->has_value());
}

TEST(GroupCoordinator, CommitsKeepASessionAlive) {
  GroupWorld group;
  const auto members = group.stable_group(1);
  for (int i = 0; i < 5; ++i) {
    group.world.run_for(7s);
    EXPECT_EQ(group.commit(GroupWorld::ref(members[0])), GroupFault::kNone);
  }
}

TEST(GroupCoordinator, TheLastOneToLeaveLeavesItEmptyAndStored) {
  GroupWorld group;
  const auto members = group.stable_group(1);
  EXPECT_EQ(group.leave(members[0].member_id), GroupFault::kNone);
  EXPECT_EQ(group.leave(members[0].member_id), GroupFault::kUnknownMember);
  EXPECT_EQ(group.coordinator->state(), GroupState::kEmpty);
  EXPECT_EQ(group.coordinator->generation(), 2);
  ASSERT_TRUE(group.last_stored.has_value());
  EXPECT_EQ(group.last_stored->generation, 2);
  EXPECT_TRUE(group.last_stored->members.empty());
  EXPECT_FALSE(group.last_stored->protocol.has_value());
  EXPECT_EQ(group.coordinator->describe().protocol_type, "consumer");
  EXPECT_FALSE(group.coordinator->is_unused());
}

TEST(GroupCoordinator, OnlyAnEmptyGroupTakesCommitsOfNobody) {
  GroupWorld group;
  EXPECT_EQ(group.commit({}), GroupFault::kNone);
  EXPECT_EQ(group.commit({.member_id = "m", .generation = 1}), GroupFault::kUnknownMember);
  const auto members = group.stable_group(1);
  EXPECT_EQ(group.commit({}), GroupFault::kUnknownMember);
  EXPECT_EQ(group.commit({.member_id = members[0].member_id, .generation = 7}), GroupFault::kIllegalGeneration);
  group.leave(members[0].member_id);
  EXPECT_EQ(group.commit({}), GroupFault::kNone);
}

TEST(GroupCoordinator, ProtocolIsWhatMostWantOfWhatAllHave) {
  GroupWorld group;
  std::vector<GroupWorld::Joined> joined;
  for (const auto& protocols : std::vector<std::vector<std::string>>{{"a", "b", "c"}, {"x", "c", "b"}, {"c", "b"}})
    joined.push_back(group.join(GroupWorld::request(group.new_id(protocols), protocols)));
  group.world.run_for(10s);
  for (const auto& answer : joined) EXPECT_EQ((*answer)->protocol, "c");
}

TEST(GroupCoordinator, AFollowerThatComesAgainUnchangedDisturbsNobody) {
  GroupWorld group;
  const auto members = group.stable_group(2);
  const auto same = group.join(GroupWorld::request(members[1].member_id));
  ASSERT_TRUE(same->has_value());
  EXPECT_EQ((*same)->generation, 1);
  EXPECT_EQ(group.coordinator->state(), GroupState::kStable);
  const auto changed = group.join(GroupWorld::request(members[1].member_id, {"range", "sticky"}));
  EXPECT_FALSE(changed->has_value());
  EXPECT_EQ(group.coordinator->state(), GroupState::kPreparingRebalance);
}

TEST(GroupCoordinator, ALeaderThatComesAgainWantsANewAssignment) {
  GroupWorld group;
  const auto members = group.stable_group(2);
  EXPECT_FALSE(group.join(GroupWorld::request(members[0].member_id))->has_value());
  EXPECT_EQ(group.coordinator->state(), GroupState::kPreparingRebalance);
}

TEST(GroupCoordinator, TheInitialDelayIsBoundedByTheRebalanceTimeout) {
  GroupWorld group;
  const auto first = group.join(GroupWorld::request(group.new_id()));
  for (int i = 0; i < 12 && !first->has_value(); ++i) {
    group.join(GroupWorld::request(group.new_id()));
    group.world.run_for(2500ms);
  }
  ASSERT_TRUE(first->has_value());
  EXPECT_EQ(group.coordinator->generation(), 1);
}

TEST(StaticMember, ThatRestartsTakesItsPlaceAndNobodyMoves) {
  GroupWorld group;
  std::vector<GroupWorld::Joined> joined{group.join(GroupWorld::static_request("a")), group.join(GroupWorld::static_request("b"))};
  group.world.run_for(10s);
  const JoinAnswer first = **joined[0];
  const JoinAnswer second = **joined[1];
  group.synced({joined[0], joined[1]});
  const bool first_leads = GroupWorld::leads(first);
  const JoinAnswer& leader = first_leads ? first : second;
  const std::string leader_instance = first_leads ? "a" : "b";

  // A leader whose client understands it is told that it leads, and that there is nothing to assign.
  const auto again = group.join(GroupWorld::static_request(leader_instance));
  ASSERT_TRUE(again->has_value());
  EXPECT_EQ((*again)->generation, 1);
  EXPECT_NE((*again)->member_id, leader.member_id);
  EXPECT_EQ((*again)->leader, (*again)->member_id);
  EXPECT_TRUE((*again)->skip_assignment);
  EXPECT_EQ((*again)->members.size(), 2u);
  EXPECT_EQ(group.coordinator->state(), GroupState::kStable);
  EXPECT_TRUE(std::ranges::any_of(group.last_stored->members, [&](auto& member) { return member.id == (*again)->member_id; }));
  EXPECT_EQ(group.heartbeat(GroupWorld::static_ref(leader, leader_instance)), GroupFault::kFencedInstance);
  EXPECT_EQ(group.commit(GroupWorld::static_ref(leader, leader_instance)), GroupFault::kFencedInstance);
  const auto synced = group.sync({.member = GroupWorld::static_ref(**again, leader_instance)});
  EXPECT_EQ(as_text((*synced)->assignment.view()), "for " + leader.member_id);

  // An older client is told its former self's name, so that it assigns nothing.
  JoinRequest old_client = GroupWorld::static_request(leader_instance);
  old_client.skip_assignment = SkipAssignment::kNotUnderstood;
  const auto older = group.join(std::move(old_client));
  EXPECT_EQ((*older)->leader, (*again)->member_id);
  EXPECT_TRUE((*older)->members.empty());
}

TEST(StaticMember, IsFencedWhileItIsParked) {
  GroupWorld group;
  const auto first = group.join(GroupWorld::static_request("a"));
  const auto second = group.join(GroupWorld::static_request("a"));
  ASSERT_TRUE(first->has_value());
  EXPECT_EQ((*first)->fault, GroupFault::kFencedInstance);
  group.world.run_for(7s);
  EXPECT_EQ((*second)->generation, 1);
  EXPECT_EQ(group.coordinator->member_count(), 1u);
}

TEST(StaticMember, LeavesByItsInstanceId) {
  GroupWorld group;
  const auto joined = group.join(GroupWorld::static_request("a"));
  group.world.run_for(7s);
  EXPECT_EQ(group.leave("", "b"), GroupFault::kUnknownMember);
  EXPECT_EQ(group.leave("someone", "a"), GroupFault::kFencedInstance);
  EXPECT_EQ(group.leave("", "a"), GroupFault::kNone);
  EXPECT_EQ(group.coordinator->state(), GroupState::kEmpty);
}

TEST(StaticMember, StaysInTheGroupUntilItsSessionEnds) {
  GroupWorld group;
  JoinRequest patient = GroupWorld::static_request("a");
  patient.session_timeout = 60s;
  const auto patient_joined = group.join(std::move(patient));
  group.world.run_for(7s);
  const auto members = group.synced({patient_joined});
  const auto newcomer = group.join(GroupWorld::request(group.new_id()));
  group.world.run_for(31s);
  ASSERT_TRUE(newcomer->has_value()) << "the rebalance does not wait for longer than its timeout";
  EXPECT_EQ(group.coordinator->member_count(), 2u);
  EXPECT_EQ((*newcomer)->leader, (*newcomer)->member_id);
}

TEST(GroupCoordinator, ARestartFindsItAsItWasStored) {
  GroupWorld group;
  const auto members = group.stable_group(2);
  const GroupMetadata stored = *group.last_stored;
  group.coordinator.emplace(group.surroundings());
  group.at([&] { return group.coordinator->restore(stored), 0; });
  EXPECT_EQ(group.coordinator->state(), GroupState::kStable);
  EXPECT_EQ(group.coordinator->generation(), 1);
  for (const JoinAnswer& member : members) {
    EXPECT_EQ(group.heartbeat(GroupWorld::ref(member)), GroupFault::kNone);
    EXPECT_EQ(as_text((*group.sync({.member = GroupWorld::ref(member)}))->assignment.view()), "for " + member.member_id);
  }
  group.world.run_for(11s);
  EXPECT_EQ(group.coordinator->member_count(), 0u) << "sessions begin anew, and end";
  EXPECT_EQ(group.coordinator->state(), GroupState::kEmpty);
}

TEST(GroupCoordinator, AnswersEverybodyWhenItEnds) {
  GroupWorld group;
  const auto joined = group.join(GroupWorld::request(group.new_id()));
  group.at([&] { return group.coordinator->end(GroupFault::kNotCoordinator), 0; });
  ASSERT_TRUE(joined->has_value());
  EXPECT_EQ((*joined)->fault, GroupFault::kNotCoordinator);
  EXPECT_EQ((*group.join(GroupWorld::request()))->fault, GroupFault::kNotAvailable);
}

}  // namespace
}  // namespace firth::broker
