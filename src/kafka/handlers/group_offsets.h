// Committed offsets: positions of a group, by topic and partition.
#pragma once

#include "kafka/generated/offset_commit.h"
#include "kafka/generated/offset_fetch.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct OffsetCommit {
  using Request = OffsetCommitRequest;
  using Response = OffsetCommitResponse;
  static constexpr Api kApi{.key = ApiKey::kOffsetCommit, .min = 2, .max = 10};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

struct OffsetFetch {
  using Request = OffsetFetchRequest;
  using Response = OffsetFetchResponse;
  static constexpr Api kApi{.key = ApiKey::kOffsetFetch, .min = 1, .max = 10};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

}  // namespace firth::kafka
