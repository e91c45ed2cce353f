// How a group's next generation comes about: the join phase, the vote on the protocol, and the leader's assignment.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "broker/group_coordinator.h"
#include "runtime/deadline.h"

namespace firth::broker {

void GroupCoordinator::rebalance() {
  if (state_ == GroupState::kPreparingRebalance) complete_join_if_all_joined();
  else prepare_rebalance();
}

void GroupCoordinator::prepare_rebalance() {
  FIRTH_ASSERT(state_ == GroupState::kEmpty || state_ == GroupState::kStable || state_ == GroupState::kCompletingRebalance);
  const bool was_empty = state_ == GroupState::kEmpty;
  if (state_ == GroupState::kCompletingRebalance) fail_syncs(GroupFault::kRebalancing);
  unsynced_.clear();
  state_ = GroupState::kPreparingRebalance;
  if (was_empty) {
    initial_delay_ = true;
    newcomer_ = false;
    const std::chrono::milliseconds delay = around_.settings.initial_rebalance_delay;
    const std::chrono::milliseconds left = std::max(largest_rebalance_timeout() - delay, std::chrono::milliseconds(0));
    return set_rebalance_timer(delay, [this, left] { extend_initial_delay(left); });
  }
  set_rebalance_timer(largest_rebalance_timeout(), [this] { complete_join(); });
  complete_join_if_all_joined();
}

void GroupCoordinator::extend_initial_delay(std::chrono::milliseconds left) {
  if (!std::exchange(newcomer_, false) || left.count() == 0) return complete_join();
  const std::chrono::milliseconds delay = std::min(around_.settings.initial_rebalance_delay, left);
  set_rebalance_timer(delay, [this, left = left - delay] { extend_initial_delay(left); });
}

void GroupCoordinator::complete_join_if_all_joined() {
  if (initial_delay_ || !pending_.empty()) return;
  if (std::ranges::all_of(members_, [](const auto& entry) { return static_cast<bool>(entry.second.join); })) complete_join();
}

void GroupCoordinator::complete_join() {
  around_.loop.cancel(std::exchange(rebalance_timer_, {}));
  initial_delay_ = false;
  std::vector<std::string> late;
  for (const auto& [id, member] : members_)
    if (!member.join && !member.instance_id) late.push_back(id);
  for (const std::string& id : late) remove(id, GroupFault::kUnknownMember);
  // Only static members are left, and none has joined: their sessions end this, or they come.
  if (!elect_leader() && !members_.empty()) return set_rebalance_timer(largest_rebalance_timeout(), [this] { complete_join(); });

  ++generation_;
  FIRTH_ASSERT(generation_ > 0);
  state_time_ms_ = std::chrono::duration_cast<std::chrono::milliseconds>(around_.loop.wall_now().time_since_epoch()).count();
  if (members_.empty()) {
    protocol_.reset();
    state_ = GroupState::kEmpty;
    return store_metadata(nullptr, [](bool) {});
  }
  protocol_ = vote();
  state_ = GroupState::kCompletingRebalance;
  for (auto& [id, member] : members_) {
    unsynced_.insert(id);
    member.assignment = {};
    if (member.join) answer(member.join, current_generation(id));
    start_session(member, member.session_timeout);
  }
  set_rebalance_timer(largest_rebalance_timeout(), [this] { expire_unsynced(); });
}

// The leader stays if it has joined. False: nobody has.
bool GroupCoordinator::elect_leader() {
  if (leader_) {
    const auto found = members_.find(*leader_);
    if (found != members_.end() && found->second.join) return true;
  }
  const auto joined = std::ranges::find_if(members_, [](const auto& entry) { return static_cast<bool>(entry.second.join); });
  if (joined == members_.end()) return false;
  leader_ = joined->first;
  return true;
}

// Each member votes for the first of its protocols that all have; most votes win, then the order of the first member's list.
// REQUIRES: a member, and a protocol that all have: join() admits nobody else.
std::string GroupCoordinator::vote() const {
  const auto shared = [&](const std::string& name) {
    return std::ranges::all_of(members_, [&](const auto& entry) {
      return std::ranges::find(entry.second.protocols, name, &GroupProtocol::name) != entry.second.protocols.end();
    });
  };
  std::vector<std::pair<std::string, std::size_t>> votes;
  for (const GroupProtocol& protocol : members_.begin()->second.protocols)
    if (shared(protocol.name)) votes.emplace_back(protocol.name, 0);
  FIRTH_ASSERT(!votes.empty());
  for (const auto& [id, member] : members_) {
    for (const GroupProtocol& protocol : member.protocols) {
      const auto choice = std::ranges::find(votes, protocol.name, &std::pair<std::string, std::size_t>::first);
      if (choice == votes.end()) continue;
      ++choice->second;
      break;
    }
  }
  return std::ranges::max_element(votes, {}, &std::pair<std::string, std::size_t>::second)->first;
}

void GroupCoordinator::sync(SyncRequest request, SyncDone done) {
  const auto refuse = [&](GroupFault fault) { answer(done, {.fault = fault}); };
  if (const GroupFault fault = check(request.member); fault != GroupFault::kNone) return refuse(fault);
  if (request.protocol_type && request.protocol_type != protocol_type_) return refuse(GroupFault::kInconsistentProtocol);
  if (request.protocol && request.protocol != protocol_) return refuse(GroupFault::kInconsistentProtocol);
  GroupMember& member = members_.at(request.member.member_id);
  switch (state_) {
    case GroupState::kEmpty:
    case GroupState::kDead:
      return refuse(GroupFault::kUnknownMember);
    case GroupState::kPreparingRebalance:
      return refuse(GroupFault::kRebalancing);
    case GroupState::kStable:
      unsynced_.erase(member.id);
      if (unsynced_.empty()) around_.loop.cancel(std::exchange(rebalance_timer_, {}));
      start_session(member, member.session_timeout);
      return answer(done, {.protocol_type = protocol_type_, .protocol = protocol_, .assignment = member.assignment});
    case GroupState::kCompletingRebalance:
      break;
  }
  if (member.sync) answer(member.sync, {.fault = GroupFault::kRebalancing});  // asked twice: the first is gone
  member.sync = std::move(done);
  around_.loop.cancel(std::exchange(member.session, {}));
  unsynced_.erase(member.id);
  if (leader_ != member.id) return;
  store_metadata(&request.assignments, [this, generation = generation_, assignments = request.assignments](bool durable) {
    finish_sync(generation, assignments, durable);
  });
}

void GroupCoordinator::finish_sync(std::int32_t generation, const std::vector<MemberAssignment>& assignments, bool durable) {
  if (state_ != GroupState::kCompletingRebalance || generation_ != generation) return;
  if (!durable) {
    fail_syncs(GroupFault::kNotAvailable);
    return prepare_rebalance();
  }
  for (const MemberAssignment& assigned : assignments)
    if (const auto found = members_.find(assigned.member_id); found != members_.end()) found->second.assignment = assigned.assignment;
  state_ = GroupState::kStable;
  // Who has not asked yet has until the end of its time.
  for (auto& [id, member] : members_) {
    if (!member.sync) continue;
    answer(member.sync, {.protocol_type = protocol_type_, .protocol = protocol_, .assignment = member.assignment});
    start_session(member, member.session_timeout);
  }
  if (unsynced_.empty()) around_.loop.cancel(std::exchange(rebalance_timer_, {}));
}

void GroupCoordinator::fail_syncs(GroupFault fault) {
  for (auto& [id, member] : members_) {
    member.assignment = {};
    if (!member.sync) continue;
    answer(member.sync, {.fault = fault});
    start_session(member, member.session_timeout);
  }
}

void GroupCoordinator::expire_unsynced() {
  const std::set<std::string> late = std::exchange(unsynced_, {});
  if (late.empty()) return;
  for (const std::string& id : late) remove(id, GroupFault::kUnknownMember);
  prepare_rebalance();
}

void GroupCoordinator::set_rebalance_timer(std::chrono::milliseconds after, runtime::Job job) {
  around_.loop.cancel(rebalance_timer_);
  rebalance_timer_ = around_.loop.schedule(runtime::deadline_after(around_.loop.now(), after), std::move(job));
}

std::chrono::milliseconds GroupCoordinator::largest_rebalance_timeout() const {
  std::chrono::milliseconds largest{0};
  for (const auto& [id, member] : members_) largest = std::max(largest, member.rebalance_timeout);
  return largest;
}

}  // namespace firth::broker
