// Who comes into a group: newcomers, members that come again, and static members that take the place of their former self.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "broker/group_coordinator.h"

namespace firth::broker {
namespace {

using namespace std::chrono_literals;

// A newcomer has no id yet and cannot send heartbeats, and its session would end while it is parked. One that has gone is forgotten after
// this time; one that is there joins again.
constexpr std::chrono::milliseconds kNewcomerTimeout = 5min;
constexpr std::size_t kMaxClientIdInMemberId = 255;  // ids have a bound, client ids hardly

bool same_protocols(const std::vector<GroupProtocol>& a, const std::vector<GroupProtocol>& b) {
  return std::ranges::equal(a, b, [](const GroupProtocol& x, const GroupProtocol& y) {
    return x.name == y.name && std::ranges::equal(x.metadata.view(), y.metadata.view());
  });
}

}  // namespace

void GroupCoordinator::join(JoinRequest request, JoinDone done) {
  const auto refuse = [&](GroupFault fault) { answer(done, {.fault = fault, .member_id = request.member_id}); };
  if (state_ == GroupState::kDead) return refuse(GroupFault::kNotAvailable);
  if (request.session_timeout < around_.settings.min_session_timeout || request.session_timeout > around_.settings.max_session_timeout)
    return refuse(GroupFault::kSessionTimeout);
  if (!has_room_for(request.member_id)) {
    drop_pending(request.member_id);
    request.member_id.clear();
    return refuse(GroupFault::kFull);
  }
  if (!speaks(request)) return refuse(GroupFault::kInconsistentProtocol);
  if (request.member_id.empty()) return join_new(std::move(request), std::move(done));
  join_known(std::move(request), std::move(done));
}

void GroupCoordinator::join_new(JoinRequest request, JoinDone done) {
  if (request.instance_id) {
    if (const auto holder = instances_.find(*request.instance_id); holder != instances_.end())
      return replace_static(std::string(holder->second), std::move(request), std::move(done));
  }
  std::string id = new_member_id(request);
  if (request.instance_id || request.first_join == FirstJoin::kTakesPart) return add(std::move(id), std::move(request), std::move(done));
  start_pending(id, request.session_timeout);
  answer(done, {.fault = GroupFault::kMemberIdRequired, .member_id = std::move(id)});
}

void GroupCoordinator::join_known(JoinRequest request, JoinDone done) {
  const auto refuse = [&](GroupFault fault) { answer(done, {.fault = fault, .member_id = request.member_id}); };
  if (!request.instance_id && drop_pending(request.member_id)) {
    std::string id = request.member_id;
    return add(std::move(id), std::move(request), std::move(done));
  }
  if (const GroupFault fault = check_member(request.member_id, request.instance_id); fault != GroupFault::kNone) return refuse(fault);
  GroupMember& member = members_.at(request.member_id);
  const bool unchanged = same_protocols(member.protocols, request.protocols);
  switch (state_) {
    case GroupState::kPreparingRebalance:
      update(member, std::move(request), std::move(done));
      return complete_join_if_all_joined();
    case GroupState::kCompletingRebalance:
      // Its answer was lost, or it has a new wish.
      if (unchanged) return answer(done, current_generation(member.id));
      break;
    case GroupState::kStable:
      // A leader that joins again wants a new assignment.
      if (unchanged && leader_ != member.id) return answer(done, current_generation(member.id));
      break;
    case GroupState::kEmpty:
    case GroupState::kDead:
      return refuse(GroupFault::kUnknownMember);
  }
  update(member, std::move(request), std::move(done));
  prepare_rebalance();
}

void GroupCoordinator::add(std::string member_id, JoinRequest request, JoinDone done) {
  if (members_.empty()) protocol_type_ = request.protocol_type;
  if (!leader_) leader_ = member_id;
  if (request.instance_id) instances_[*request.instance_id] = member_id;
  GroupMember& member = members_[member_id];
  member.id = std::move(member_id);
  member.instance_id = request.instance_id;
  update(member, std::move(request), std::move(done));
  start_session(member, kNewcomerTimeout);
  newcomer_ = true;
  rebalance();
}

// With what it says now; parked until the next generation.
void GroupCoordinator::update(GroupMember& member, JoinRequest request, JoinDone done) {
  if (member.join) answer(member.join, {.fault = GroupFault::kRebalancing, .member_id = member.id});  // asked twice: the first is gone
  member.client_id = std::move(request.client_id);
  member.client_host = std::move(request.client_host);
  member.protocols = std::move(request.protocols);
  member.session_timeout = request.session_timeout;
  member.rebalance_timeout = request.rebalance_timeout;
  member.join = std::move(done);
  around_.loop.cancel(std::exchange(member.session, {}));
}

// The instance came back under a new id, as one that restarted does. If the group is stable and would speak the same, nothing else moves.
void GroupCoordinator::replace_static(const std::string& old_id, JoinRequest request, JoinDone done) {
  const std::string id = new_member_id(request);
  const SkipAssignment skip = request.skip_assignment;
  const std::string leader_before = leader_.value_or("");
  auto node = members_.extract(old_id);
  GroupMember& old = node.mapped();
  if (old.join) answer(old.join, {.fault = GroupFault::kFencedInstance, .member_id = old_id});
  if (old.sync) answer(old.sync, {.fault = GroupFault::kFencedInstance});
  old.id = id;
  node.key() = id;
  GroupMember& member = members_.insert(std::move(node)).position->second;
  instances_[*request.instance_id] = id;
  if (leader_ == old_id) leader_ = id;
  if (unsynced_.erase(old_id) != 0) unsynced_.insert(id);
  update(member, std::move(request), std::move(done));

  switch (state_) {
    case GroupState::kStable:
      if (vote() != protocol_) return prepare_rebalance();
      start_session(member, member.session_timeout);
      return answer_replaced(id, leader_before, skip);
    case GroupState::kCompletingRebalance:
      // The leader may be assigning to the old id.
      return prepare_rebalance();
    case GroupState::kPreparingRebalance:
      return complete_join_if_all_joined();
    case GroupState::kEmpty:
    case GroupState::kDead:
      return;
  }
}

// Once the new id is durable; unless a rebalance has begun, which answers it.
void GroupCoordinator::answer_replaced(std::string member_id, std::string leader, SkipAssignment skip) {
  store_metadata(nullptr, [this, member_id, leader = std::move(leader), skip, generation = generation_](bool durable) {
    const auto found = members_.find(member_id);
    if (state_ != GroupState::kStable || generation_ != generation || found == members_.end() || !found->second.join) return;
    if (!durable) return answer(found->second.join, {.fault = GroupFault::kNotAvailable, .member_id = member_id});
    JoinAnswer joined = current_generation(member_id);
    joined.members.clear();
    if (skip == SkipAssignment::kNotUnderstood) {
      joined.leader = leader;  // its former self: it must not think that it is to assign
    } else if (leader_ == member_id) {
      joined.skip_assignment = true;
      joined.members = joined_members();
    }
    answer(found->second.join, std::move(joined));
  });
}

bool GroupCoordinator::has_room_for(const std::string& member_id) const {
  const std::size_t most = around_.settings.max_members;
  const auto found = members_.find(member_id);
  if (state_ == GroupState::kPreparingRebalance) {
    const auto waiting = std::ranges::count_if(members_, [](const auto& entry) { return static_cast<bool>(entry.second.join); });
    return (found != members_.end() && found->second.join) || static_cast<std::size_t>(waiting) < most;
  }
  return state_ == GroupState::kEmpty || found != members_.end() || members_.size() < most;
}

// Whether there is a protocol that the request and all members have.
bool GroupCoordinator::speaks(const JoinRequest& request) const {
  if (request.protocol_type.empty() || request.protocols.empty()) return false;
  if (members_.empty()) return true;
  if (request.protocol_type != protocol_type_) return false;
  return std::ranges::any_of(request.protocols, [&](const GroupProtocol& protocol) {
    return std::ranges::all_of(members_, [&](const auto& entry) {
      return std::ranges::find(entry.second.protocols, protocol.name, &GroupProtocol::name) != entry.second.protocols.end();
    });
  });
}

std::string GroupCoordinator::new_member_id(const JoinRequest& request) const {
  std::array<std::byte, 16> random;
  around_.random.fill(random);
  random[6] = (random[6] & std::byte{0x0F}) | std::byte{0x40};  // a UUID, version 4
  random[8] = (random[8] & std::byte{0x3F}) | std::byte{0x80};
  std::string id = request.instance_id.value_or(request.client_id).substr(0, kMaxClientIdInMemberId);
  for (std::size_t i = 0; i < random.size(); ++i)
    id += fmt::format("{}{:02x}", i == 0 || i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", static_cast<unsigned>(random[i]));
  return id;
}

JoinAnswer GroupCoordinator::current_generation(const std::string& member_id) const {
  const bool is_leader = leader_ == member_id;
  return {.fault = GroupFault::kNone,
          .member_id = member_id,
          .generation = generation_,
          .protocol_type = protocol_type_,
          .protocol = protocol_,
          .leader = leader_.value_or(""),
          .skip_assignment = false,
          .members = is_leader ? joined_members() : std::vector<JoinedMember>()};
}

std::vector<JoinedMember> GroupCoordinator::joined_members() const {
  std::vector<JoinedMember> joined;
  for (const auto& [id, member] : members_)
    joined.push_back({.id = id, .instance_id = member.instance_id, .metadata = metadata_of(member)});
  return joined;
}

}  // namespace firth::broker
