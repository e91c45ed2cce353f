// OffsetForLeaderEpoch: where a leader epoch ended.
#pragma once

#include "kafka/generated/offset_for_leader_epoch.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct OffsetForLeaderEpoch {
  using Request = OffsetForLeaderEpochRequest;
  using Response = OffsetForLeaderEpochResponse;
  static constexpr Api kApi{.key = ApiKey::kOffsetForLeaderEpoch, .min = 2, .max = 4};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

}  // namespace firth::kafka
