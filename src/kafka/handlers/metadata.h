// Metadata: topics, partitions and where they live.
#pragma once

#include "kafka/generated/metadata.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct Metadata {
  using Request = MetadataRequest;
  using Response = MetadataResponse;
  static constexpr Api kApi{.key = ApiKey::kMetadata, .min = 0, .max = 13};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

}  // namespace firth::kafka
