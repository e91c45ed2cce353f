// ListOffsets: offsets by time.
#pragma once

#include "kafka/generated/list_offsets.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct ListOffsets {
  using Request = ListOffsetsRequest;
  using Response = ListOffsetsResponse;
  static constexpr Api kApi{.key = ApiKey::kListOffsets, .min = 1, .max = 11};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

}  // namespace firth::kafka
