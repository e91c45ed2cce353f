// Fetch: batches from partitions, waiting for them if asked to.
#pragma once

#include "kafka/generated/fetch.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct Fetch {
  using Request = FetchRequest;
  using Response = FetchResponse;
  static constexpr Api kApi{.key = ApiKey::kFetch, .min = 4, .max = 18};
  static constexpr std::int64_t kMaxBytes = std::int64_t{55} << 20;  // of one answer, as Kafka's fetch.max.bytes
  static runtime::Task<Response> handle(const Context& context, Request request);
};

}  // namespace firth::kafka
