// DeleteRecords: raises the log start of partitions.
#pragma once

#include "kafka/generated/delete_records.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct DeleteRecords {
  using Request = DeleteRecordsRequest;
  using Response = DeleteRecordsResponse;
  static constexpr Api kApi{.key = ApiKey::kDeleteRecords, .min = 0, .max = 2};
  static runtime::Task<Response> handle(const Context& context, Request request);
};

}  // namespace firth::kafka
