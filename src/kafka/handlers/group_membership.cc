#include "kafka/handlers/group_membership.h"

#include <algorithm>
#include <utility>

#include "kafka/handlers/group_call.h"

namespace firth::kafka {
namespace {

using broker::GroupRef;
using broker::ShardGroups;

constexpr std::int16_t kJoinGivesId = 4;
constexpr std::int16_t kJoinNullProtocol = 7;
constexpr std::int16_t kJoinSkipAssignment = 9;
constexpr std::int16_t kLeaveManyMembers = 3;

broker::MemberRef member_ref(std::string& member_id, std::optional<std::string>& instance_id, std::int32_t generation) {
  return {.member_id = std::move(member_id), .instance_id = std::move(instance_id), .generation = generation};
}

broker::JoinRequest to_broker(const Context& context, JoinGroupRequest& request) {
  const std::int32_t rebalance_ms = request.rebalance_timeout_ms < 0 ? request.session_timeout_ms : request.rebalance_timeout_ms;
  broker::JoinRequest join{.member_id = std::move(request.member_id),
                           .instance_id = std::move(request.group_instance_id),
                           .client_id = context.client_id,
                           .client_host = context.client_host,
                           .protocol_type = std::move(request.protocol_type),
                           .protocols = {},
                           .session_timeout = std::chrono::milliseconds(request.session_timeout_ms),
                           .rebalance_timeout = std::chrono::milliseconds(rebalance_ms),
                           .first_join = context.api_version >= kJoinGivesId ? broker::FirstJoin::kGetsId : broker::FirstJoin::kTakesPart,
                           .skip_assignment = context.api_version >= kJoinSkipAssignment ? broker::SkipAssignment::kUnderstood
                                                                                         : broker::SkipAssignment::kNotUnderstood};
  // A copy: the request's frame may be much larger, and a member stays for long.
  for (auto& protocol : request.protocols)
    join.protocols.push_back({.name = std::move(protocol.name), .metadata = SharedBytes::copy(protocol.metadata.view())});
  return join;
}

JoinGroupResponse to_response(const Context& context, broker::JoinAnswer answer) {
  JoinGroupResponse response;
  response.error_code = to_kafka(answer.fault);
  response.member_id = std::move(answer.member_id);
  response.generation_id = answer.generation;
  response.protocol_type = std::move(answer.protocol_type);
  response.protocol_name = std::move(answer.protocol);
  if (!response.protocol_name && context.api_version < kJoinNullProtocol) response.protocol_name.emplace();
  response.leader = std::move(answer.leader);
  response.skip_assignment = answer.skip_assignment;
  for (broker::JoinedMember& member : answer.members)
    response.members.push_back(
        {.member_id = std::move(member.id), .group_instance_id = std::move(member.instance_id), .metadata = member.metadata});
  return response;
}

}  // namespace

runtime::Task<JoinGroupResponse> JoinGroup::handle(const Context& context, JoinGroupRequest request) {
  JoinGroupResponse refused;
  refused.member_id = request.member_id;
  if (context.api_version >= kJoinNullProtocol) refused.protocol_name.reset();
  auto answer = co_await ask_group<broker::JoinAnswer>(context, {.id = request.group_id},
                                                       [join = to_broker(context, request)](ShardGroups& home, GroupRef group) mutable {
                                                         return home.join(std::move(group), std::move(join));
                                                       });
  if (answer.has_value()) co_return to_response(context, *std::move(answer));
  refused.error_code = answer.error();
  co_return refused;
}

runtime::Task<SyncGroupResponse> SyncGroup::handle(const Context& context, SyncGroupRequest request) {
  SyncGroupResponse response;
  broker::SyncRequest sync{.member = member_ref(request.member_id, request.group_instance_id, request.generation_id),
                           .protocol_type = std::move(request.protocol_type),
                           .protocol = std::move(request.protocol_name),
                           .assignments = {}};
  for (auto& assigned : request.assignments)
    sync.assignments.push_back({.member_id = std::move(assigned.member_id), .assignment = SharedBytes::copy(assigned.assignment.view())});
  auto answer = co_await ask_group<broker::SyncAnswer>(
      context, {.id = request.group_id},
      [sync = std::move(sync)](ShardGroups& home, GroupRef group) mutable { return home.sync(std::move(group), std::move(sync)); });
  if (!answer.has_value()) {
    response.error_code = answer.error();
    co_return response;
  }
  response.error_code = to_kafka(answer->fault);
  response.protocol_type = std::move(answer->protocol_type);
  response.protocol_name = std::move(answer->protocol);
  response.assignment = std::move(answer->assignment);
  co_return response;
}

runtime::Task<HeartbeatResponse> Heartbeat::handle(const Context& context, HeartbeatRequest request) {
  HeartbeatResponse response;
  const auto fault = co_await ask_group<broker::GroupFault>(
      context, {.id = request.group_id},
      [member = member_ref(request.member_id, request.group_instance_id, request.generation_id)](
          ShardGroups& home, GroupRef group) mutable { return home.heartbeat(std::move(group), std::move(member)); });
  response.error_code = fault.has_value() ? to_kafka(*fault) : fault.error();
  co_return response;
}

runtime::Task<LeaveGroupResponse> LeaveGroup::handle(const Context& context, LeaveGroupRequest request) {
  LeaveGroupResponse response;
  std::vector<broker::GroupCoordinator::Leaving> leaving;
  if (context.api_version < kLeaveManyMembers) leaving.push_back({.member_id = request.member_id, .instance_id = std::nullopt});
  else
    for (const auto& member : request.members) leaving.push_back({.member_id = member.member_id, .instance_id = member.group_instance_id});
  const auto faults = co_await ask_group<std::vector<broker::GroupFault>>(
      context, {.id = request.group_id},
      [leaving](ShardGroups& home, GroupRef group) mutable { return home.leave(std::move(group), std::move(leaving)); });
  if (!faults.has_value()) {
    response.error_code = faults.error();
  } else if (context.api_version < kLeaveManyMembers) {
    response.error_code = to_kafka(faults->front());
  } else if (std::ranges::count(*faults, broker::GroupFault::kNotCoordinator) != 0) {
    response.error_code = ErrorCode::kNotCoordinator;
  } else {
    for (std::size_t i = 0; i < leaving.size(); ++i)
      response.members.push_back(
          {.member_id = leaving[i].member_id, .group_instance_id = leaving[i].instance_id, .error_code = to_kafka((*faults)[i])});
  }
  co_return response;
}

}  // namespace firth::kafka
