// CreateTopics: makes topics.
#pragma once

#include "kafka/generated/create_topics.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct CreateTopics {
  using Request = CreateTopicsRequest;
  using Response = CreateTopicsResponse;
  static constexpr Api kApi{.key = ApiKey::kCreateTopics, .min = 2, .max = 7};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

}  // namespace firth::kafka
