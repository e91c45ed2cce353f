// InitProducerId: a producer id for an idempotent producer.
#pragma once

#include "kafka/generated/init_producer_id.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct InitProducerId {
  using Request = InitProducerIdRequest;
  using Response = InitProducerIdResponse;
  static constexpr Api kApi{.key = ApiKey::kInitProducerId, .min = 0, .max = 5};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

}  // namespace firth::kafka
