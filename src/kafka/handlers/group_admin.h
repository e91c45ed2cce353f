// What administrators ask about groups, and where a group's coordinator is.
#pragma once

#include "kafka/generated/delete_groups.h"
#include "kafka/generated/describe_groups.h"
#include "kafka/generated/find_coordinator.h"
#include "kafka/generated/list_groups.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct FindCoordinator {
  using Request = FindCoordinatorRequest;
  using Response = FindCoordinatorResponse;
  static constexpr Api kApi{.key = ApiKey::kFindCoordinator, .min = 0, .max = 6};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

struct DescribeGroups {
  using Request = DescribeGroupsRequest;
  using Response = DescribeGroupsResponse;
  static constexpr Api kApi{.key = ApiKey::kDescribeGroups, .min = 0, .max = 6};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

struct ListGroups {
  using Request = ListGroupsRequest;
  using Response = ListGroupsResponse;
  static constexpr Api kApi{.key = ApiKey::kListGroups, .min = 0, .max = 5};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

struct DeleteGroups {
  using Request = DeleteGroupsRequest;
  using Response = DeleteGroupsResponse;
  static constexpr Api kApi{.key = ApiKey::kDeleteGroups, .min = 0, .max = 2};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

}  // namespace firth::kafka
