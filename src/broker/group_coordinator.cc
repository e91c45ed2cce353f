// A group's coordinator: sessions, checks, leaving, storing. Who joins is in group_join.cc, how a generation comes about in
// group_rebalance.cc.
#include "broker/group_coordinator.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace firth::broker {

std::string_view to_string(GroupState state) {
  switch (state) {
    case GroupState::kEmpty:
      return "Empty";
    case GroupState::kPreparingRebalance:
      return "PreparingRebalance";
    case GroupState::kCompletingRebalance:
      return "CompletingRebalance";
    case GroupState::kStable:
      return "Stable";
    case GroupState::kDead:
      break;
  }
  return "Dead";
}

GroupCoordinator::~GroupCoordinator() {
  around_.loop.cancel(rebalance_timer_);
  for (const auto& [id, member] : members_) around_.loop.cancel(member.session);
  for (const auto& [id, timer] : pending_) around_.loop.cancel(timer);
}

void GroupCoordinator::restore(const GroupMetadata& metadata) {
  FIRTH_ASSERT(is_unused() && members_.empty());
  generation_ = metadata.generation;
  protocol_type_ = metadata.protocol_type;
  protocol_ = metadata.protocol;
  leader_ = metadata.leader;
  state_time_ms_ = metadata.state_time_ms;
  for (const MemberMetadata& stored : metadata.members) {
    GroupMember& member = members_[stored.id];
    member.id = stored.id;
    member.instance_id = stored.instance_id;
    member.client_id = stored.client_id;
    member.client_host = stored.client_host;
    member.protocols = {{.name = protocol_.value_or(""), .metadata = stored.subscription}};
    member.session_timeout = std::chrono::milliseconds(stored.session_timeout_ms);
    member.rebalance_timeout = std::chrono::milliseconds(stored.rebalance_timeout_ms);
    member.assignment = stored.assignment;
    if (member.instance_id) instances_[*member.instance_id] = member.id;
    start_session(member, member.session_timeout);
  }
  state_ = members_.empty() ? GroupState::kEmpty : GroupState::kStable;
}

GroupFault GroupCoordinator::heartbeat(const MemberRef& ref) {
  if (const GroupFault fault = check(ref); fault != GroupFault::kNone) return fault;
  GroupMember& member = members_.at(ref.member_id);
  // One whose request is parked is alive as it is.
  if (!member.join && !member.sync) start_session(member, member.session_timeout);
  return state_ == GroupState::kPreparingRebalance ? GroupFault::kRebalancing : GroupFault::kNone;
}

GroupFault GroupCoordinator::check_commit(const MemberRef& ref) {
  const bool is_nobody = ref.generation < 0 && ref.member_id.empty() && !ref.instance_id;
  if (state_ == GroupState::kDead) return GroupFault::kNotAvailable;
  if (state_ == GroupState::kEmpty && ref.generation < 0) return GroupFault::kNone;
  if (is_nobody) return GroupFault::kUnknownMember;
  if (const GroupFault fault = check(ref); fault != GroupFault::kNone) return fault;
  if (state_ == GroupState::kCompletingRebalance) return GroupFault::kRebalancing;
  GroupMember& member = members_.at(ref.member_id);
  if (!member.join) start_session(member, member.session_timeout);
  return GroupFault::kNone;
}

GroupFault GroupCoordinator::check(const MemberRef& ref) const {
  if (state_ == GroupState::kDead) return GroupFault::kNotAvailable;
  if (const GroupFault fault = check_member(ref.member_id, ref.instance_id); fault != GroupFault::kNone) return fault;
  return ref.generation == generation_ ? GroupFault::kNone : GroupFault::kIllegalGeneration;
}

GroupFault GroupCoordinator::check_member(const std::string& member_id, const std::optional<std::string>& instance_id) const {
  if (instance_id) {
    const auto holder = instances_.find(*instance_id);
    if (holder == instances_.end()) return GroupFault::kUnknownMember;
    return holder->second == member_id ? GroupFault::kNone : GroupFault::kFencedInstance;
  }
  return members_.contains(member_id) ? GroupFault::kNone : GroupFault::kUnknownMember;
}

std::vector<GroupFault> GroupCoordinator::leave(const std::vector<Leaving>& members) {
  std::vector<GroupFault> faults;
  const std::size_t before = members_.size() + pending_.size();
  for (const Leaving& leaving : members) faults.push_back(leave_one(leaving));
  if (members_.size() + pending_.size() < before) after_removal();
  return faults;
}

GroupFault GroupCoordinator::leave_one(const Leaving& leaving) {
  if (state_ == GroupState::kDead) return GroupFault::kNotAvailable;
  if (leaving.member_id.empty() && leaving.instance_id) {
    const auto holder = instances_.find(*leaving.instance_id);
    if (holder == instances_.end()) return GroupFault::kUnknownMember;
    remove(std::string(holder->second), GroupFault::kUnknownMember);
    return GroupFault::kNone;
  }
  if (drop_pending(leaving.member_id)) return GroupFault::kNone;
  if (const GroupFault fault = check_member(leaving.member_id, leaving.instance_id); fault != GroupFault::kNone) return fault;
  remove(leaving.member_id, GroupFault::kUnknownMember);
  return GroupFault::kNone;
}

void GroupCoordinator::start_session(GroupMember& member, std::chrono::milliseconds timeout) {
  around_.loop.cancel(member.session);
  member.session = around_.loop.schedule(around_.loop.now() + timeout, [this, id = member.id] { expire_session(id); });
}

void GroupCoordinator::expire_session(const std::string& member_id) {
  const std::string id = member_id;  // the job that holds it goes with the member's timer
  if (!members_.contains(id)) return;
  remove(id, GroupFault::kUnknownMember);
  after_removal();
}

void GroupCoordinator::start_pending(const std::string& member_id, std::chrono::milliseconds timeout) {
  pending_[member_id] = around_.loop.schedule(around_.loop.now() + timeout, [this, id = member_id] {
    const std::string expired = id;
    if (drop_pending(expired)) after_removal();
  });
}

bool GroupCoordinator::drop_pending(const std::string& member_id) {
  const auto found = pending_.find(member_id);
  if (found == pending_.end()) return false;
  around_.loop.cancel(found->second);
  pending_.erase(found);
  return true;
}

void GroupCoordinator::remove(const std::string& member_id, GroupFault told) {
  const auto found = members_.find(member_id);
  FIRTH_ASSERT(found != members_.end());
  GroupMember& member = found->second;
  around_.loop.cancel(member.session);
  if (member.join) answer(member.join, {.fault = told, .member_id = member_id});
  if (member.sync) answer(member.sync, {.fault = told});
  if (member.instance_id) instances_.erase(*member.instance_id);
  unsynced_.erase(member_id);
  const bool was_leader = leader_ == member_id;
  members_.erase(found);
  if (was_leader) leader_ = members_.empty() ? std::nullopt : std::optional(members_.begin()->first);
}

void GroupCoordinator::after_removal() {
  switch (state_) {
    case GroupState::kStable:
    case GroupState::kCompletingRebalance:
      return prepare_rebalance();
    case GroupState::kPreparingRebalance:
      return complete_join_if_all_joined();
    case GroupState::kEmpty:
      return around_.store.may_be_unused();
    case GroupState::kDead:
      return;
  }
}

void GroupCoordinator::end(GroupFault fault) {
  state_ = GroupState::kDead;
  around_.loop.cancel(std::exchange(rebalance_timer_, {}));
  while (!members_.empty()) remove(std::string(members_.begin()->first), fault);
  while (!pending_.empty()) drop_pending(std::string(pending_.begin()->first));
  auto storing = std::exchange(storing_, {});
  for (auto& [id, stored] : storing) stored(false);
}

// Whoever waits runs as a job of its own: it may ask the group again at once.
void GroupCoordinator::answer(JoinDone& done, JoinAnswer answer) {
  around_.loop.post([done = std::exchange(done, {}), answer = std::move(answer)]() mutable { done(std::move(answer)); });
}
void GroupCoordinator::answer(SyncDone& done, SyncAnswer answer) {
  around_.loop.post([done = std::exchange(done, {}), answer = std::move(answer)]() mutable { done(std::move(answer)); });
}

SharedBytes GroupCoordinator::metadata_of(const GroupMember& member) const {
  for (const GroupProtocol& protocol : member.protocols)
    if (protocol.name == protocol_) return protocol.metadata;
  return {};
}

GroupMetadata GroupCoordinator::metadata() const {
  GroupMetadata metadata{.protocol_type = protocol_type_,
                         .generation = generation_,
                         .protocol = protocol_,
                         .leader = leader_,
                         .state_time_ms = state_time_ms_,
                         .members = {}};
  for (const auto& [id, member] : members_) {
    metadata.members.push_back({.id = id,
                                .instance_id = member.instance_id,
                                .client_id = member.client_id,
                                .client_host = member.client_host,
                                .rebalance_timeout_ms = static_cast<std::int32_t>(member.rebalance_timeout.count()),
                                .session_timeout_ms = static_cast<std::int32_t>(member.session_timeout.count()),
                                .subscription = metadata_of(member),
                                .assignment = member.assignment});
  }
  return metadata;
}

// With the assignments, if given, in place of those that the members have.
void GroupCoordinator::store_metadata(const std::vector<MemberAssignment>* assignments, std::move_only_function<void(bool)> stored) {
  GroupMetadata wanted = metadata();
  if (assignments != nullptr) {
    for (MemberMetadata& member : wanted.members) {
      const auto found = std::ranges::find(*assignments, member.id, &MemberAssignment::member_id);
      member.assignment = found == assignments->end() ? SharedBytes() : found->assignment;
    }
  }
  storing_[around_.store.store(wanted)] = std::move(stored);
}

void GroupCoordinator::stored(std::uint64_t store_id, bool durable) {
  auto found = storing_.extract(store_id);
  if (!found.empty()) found.mapped()(durable);
}

GroupDescription GroupCoordinator::describe() const {
  const bool stable = state_ == GroupState::kStable;
  GroupDescription description{
      .state = state_, .protocol_type = protocol_type_, .protocol = stable ? protocol_.value_or("") : "", .members = {}};
  for (const auto& [id, member] : members_) {
    description.members.push_back({.id = id,
                                   .instance_id = member.instance_id,
                                   .client_id = member.client_id,
                                   .client_host = member.client_host,
                                   .metadata = stable ? metadata_of(member) : SharedBytes(),
                                   .assignment = stable ? member.assignment : SharedBytes()});
  }
  return description;
}

}  // namespace firth::broker
