// The APIs of the members of a classic group. What they mean is broker/group_coordinator.h's.
#pragma once

#include "kafka/generated/heartbeat.h"
#include "kafka/generated/join_group.h"
#include "kafka/generated/leave_group.h"
#include "kafka/generated/sync_group.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct JoinGroup {
  using Request = JoinGroupRequest;
  using Response = JoinGroupResponse;
  static constexpr Api kApi{.key = ApiKey::kJoinGroup, .min = 0, .max = 9};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

struct SyncGroup {
  using Request = SyncGroupRequest;
  using Response = SyncGroupResponse;
  static constexpr Api kApi{.key = ApiKey::kSyncGroup, .min = 0, .max = 5};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

struct Heartbeat {
  using Request = HeartbeatRequest;
  using Response = HeartbeatResponse;
  static constexpr Api kApi{.key = ApiKey::kHeartbeat, .min = 0, .max = 4};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

struct LeaveGroup {
  using Request = LeaveGroupRequest;
  using Response = LeaveGroupResponse;
  static constexpr Api kApi{.key = ApiKey::kLeaveGroup, .min = 0, .max = 5};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

}  // namespace firth::kafka
