// Produce: appends batches to partitions.
#pragma once

#include "kafka/generated/produce.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct Produce {
  using Request = ProduceRequest;
  using Response = ProduceResponse;
  static constexpr Api kApi{.key = ApiKey::kProduce, .min = 3, .max = 13};
  static runtime::Task<Response> handle(const Context& context, Request request);

  // acks 0: no answer; an error ends the connection, so that the client looks anew.
  static bool is_silent(const Request& request) { return request.acks == 0; }
  static bool has_failed(const Response& response);
};

}  // namespace firth::kafka
