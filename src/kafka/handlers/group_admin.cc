#include "kafka/handlers/group_admin.h"

#include <algorithm>
#include <utility>

#include "kafka/handlers/group_call.h"
#include "kafka/operations.h"

namespace firth::kafka {
namespace {

using broker::GroupRef;
using broker::Groups;
using broker::ShardGroups;

constexpr std::int16_t kFindManyKeys = 4;
constexpr std::int8_t kKeyTypeGroup = 0;
constexpr std::int8_t kKeyTypeTransaction = 1;
constexpr std::int16_t kDescribeTellsNotFound = 6;
constexpr std::string_view kTypeClassic = "classic";

// Kafka compares the names of states and types without regard to case.
bool contains(const std::vector<std::string>& filter, std::string_view name) {
  const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
  return filter.empty() || std::ranges::any_of(filter, [&](std::string_view wanted) { return std::ranges::equal(wanted, name, same); });
}

// This broker, once the group can be asked; the topic of the groups' offsets is made by the first who looks for a group.
runtime::Task<FindCoordinatorResponseCoordinator> find_one(const Context& context, std::int8_t type, std::string key) {
  FindCoordinatorResponseCoordinator found;
  found.node_id = -1;
  found.port = -1;
  if (type != kKeyTypeGroup) {
    found.error_code = ErrorCode::kInvalidRequest;
    found.error_message = type == kKeyTypeTransaction ? "transactions are not served" : "coordinators of this type are not served";
  } else {
    const GroupRef group = group_ref(context, key);
    const auto home = co_await context.face.groups->home(context.broker, group.account, group.partition, Groups::IfAbsent::kMake);
    if (!home.ok()) {
      found.error_code = ErrorCode::kCoordinatorNotAvailable;
      found.error_message = home.error().text;
    }
  }
  if (found.error_code == ErrorCode::kNone) {
    found.node_id = kNodeId;
    found.host = context.face.settings.advertised_host;
    found.port = context.face.settings.advertised_port;
  }
  found.key = std::move(key);
  co_return found;
}

runtime::Task<DescribeGroupsResponseGroup> describe_one(const Context& context, std::string id, bool with_operations) {
  DescribeGroupsResponseGroup described;
  described.group_id = id;
  described.group_state = broker::to_string(broker::GroupState::kDead);
  if (with_operations) described.authorized_operations = kGroupOperations;
  const auto description = co_await ask_group<broker::GroupDescription>(
      context, {.id = id, .if_absent = Groups::IfAbsent::kLeave, .name = GroupCall::Name::kMayBeEmpty},
      [](ShardGroups& home, GroupRef group) { return home.describe(std::move(group)); });
  if (!description.has_value()) {
    // KIP-1043; before, a dead group was the answer.
    if (description.error() != ErrorCode::kGroupIdNotFound) {
      described.error_code = description.error();
    } else if (context.api_version >= kDescribeTellsNotFound) {
      described.error_code = ErrorCode::kGroupIdNotFound;
      described.error_message = "Group " + id + " not found.";
    }
    co_return described;
  }
  described.group_state = broker::to_string(description->state);
  described.protocol_type = description->protocol_type;
  described.protocol_data = description->protocol;
  for (const broker::DescribedMember& member : description->members) {
    auto& out = described.members.emplace_back();
    out.member_id = member.id;
    out.group_instance_id = member.instance_id;
    out.client_id = member.client_id;
    out.client_host = member.client_host;
    out.member_metadata = member.metadata;
    out.member_assignment = member.assignment;
  }
  co_return described;
}

}  // namespace

runtime::Task<FindCoordinatorResponse> FindCoordinator::handle(const Context& context, FindCoordinatorRequest request) {
  FindCoordinatorResponse response;
  if (context.api_version >= kFindManyKeys) {
    for (auto& key : request.coordinator_keys)
      response.coordinators.push_back(co_await find_one(context, request.key_type, std::move(key)));
    co_return response;
  }
  FindCoordinatorResponseCoordinator found = co_await find_one(context, request.key_type, std::move(request.key));
  response.error_code = found.error_code;
  response.error_message = std::move(found.error_message);
  response.node_id = found.node_id;
  response.host = std::move(found.host);
  response.port = found.port;
  co_return response;
}

runtime::Task<DescribeGroupsResponse> DescribeGroups::handle(const Context& context, DescribeGroupsRequest request) {
  DescribeGroupsResponse response;
  for (auto& id : request.groups)
    response.groups.push_back(co_await describe_one(context, std::move(id), request.include_authorized_operations));
  co_return response;
}

runtime::Task<ListGroupsResponse> ListGroups::handle(const Context& context, ListGroupsRequest request) {
  ListGroupsResponse response;
  if (!contains(request.types_filter, kTypeClassic)) co_return response;
  for (std::uint32_t i = 0; i < context.face.groups->shard_count(); ++i) {
    ShardGroups& there = context.face.groups->shard(ShardIndex(i));
    const auto listed = co_await broker::on_shard<std::vector<broker::ListedGroup>>(
        context.shard(), there.shard().shard(), [&there, account = context.account] { return there.list(account); });
    for (const broker::ListedGroup& group : listed) {
      if (!contains(request.states_filter, broker::to_string(group.state))) continue;
      auto& out = response.groups.emplace_back();
      out.group_id = group.id;
      out.protocol_type = group.protocol_type;
      out.group_state = broker::to_string(group.state);
      out.group_type = kTypeClassic;
    }
  }
  co_return response;
}

runtime::Task<DeleteGroupsResponse> DeleteGroups::handle(const Context& context, DeleteGroupsRequest request) {
  DeleteGroupsResponse response;
  for (auto& id : request.groups_names) {
    const auto fault = co_await ask_group<broker::GroupFault>(
        context, {.id = id, .if_absent = Groups::IfAbsent::kLeave, .name = GroupCall::Name::kMayBeEmpty},
        [](ShardGroups& home, GroupRef group) { return home.erase(std::move(group)); });
    auto& result = response.results.emplace_back();
    result.group_id = std::move(id);
    result.error_code = fault.has_value() ? to_kafka(*fault) : fault.error();
  }
  co_return response;
}

}  // namespace firth::kafka
