// DeleteTopics: deletes topics by name or id.
#pragma once

#include "kafka/generated/delete_topics.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct DeleteTopics {
  using Request = DeleteTopicsRequest;
  using Response = DeleteTopicsResponse;
  static constexpr Api kApi{.key = ApiKey::kDeleteTopics, .min = 1, .max = 6};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

}  // namespace firth::kafka
