// ApiVersions: which APIs and versions are served: those that have a handler.
#pragma once

#include "kafka/generated/api_versions.h"
#include "kafka/handler.h"

namespace firth::kafka {

struct ApiVersions {
  using Request = ApiVersionsRequest;
  using Response = ApiVersionsResponse;
  static constexpr Api kApi{.key = ApiKey::kApiVersions, .min = 0, .max = 4};
  static runtime::Task<Response> handle(const Context& context, Request request);

  // To a version that we do not know: version 0's layout, with UNSUPPORTED_VERSION and what we do know.
  static Reply refuse_version(const RequestHeader& header);
};

}  // namespace firth::kafka
