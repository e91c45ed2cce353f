// DescribeCluster: the one node that there is.
#pragma once

#include "kafka/generated/describe_cluster.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct DescribeCluster {
  using Request = DescribeClusterRequest;
  using Response = DescribeClusterResponse;
  static constexpr Api kApi{.key = ApiKey::kDescribeCluster, .min = 0, .max = 2};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

}  // namespace firth::kafka
