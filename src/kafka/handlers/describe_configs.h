// DescribeConfigs: what topics are configured to do.
#pragma once

#include "kafka/generated/describe_configs.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct DescribeConfigs {
  using Request = DescribeConfigsRequest;
  using Response = DescribeConfigsResponse;
  static constexpr Api kApi{.key = ApiKey::kDescribeConfigs, .min = 1, .max = 4};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

}  // namespace firth::kafka
