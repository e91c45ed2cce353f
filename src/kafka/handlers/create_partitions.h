// CreatePartitions: more partitions for topics that exist.
#pragma once

#include "kafka/generated/create_partitions.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct CreatePartitions {
  using Request = CreatePartitionsRequest;
  using Response = CreatePartitionsResponse;
  static constexpr Api kApi{.key = ApiKey::kCreatePartitions, .min = 0, .max = 3};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

}  // namespace firth::kafka
