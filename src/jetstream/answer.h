// What a stream itself answers a client: a header block, which may be "", and a body.
#pragma once

#include <string>
#include <string_view>

#include "broker/router.h"

namespace firth::jetstream {

// Nothing goes to a reply subject of "".
inline broker::Pressure send_answer(broker::Router& router, std::string_view reply, std::string_view headers, std::string_view body) {
  if (reply.empty()) return broker::Pressure::kNone;
  const std::string payload = std::string(headers) + std::string(body);
  return router
      .publish(
          broker::kGlobalAccount,
          {.subject = reply, .reply = {}, .header_bytes = static_cast<std::uint32_t>(headers.size()), .payload = payload, .block = nullptr})
      .pressure;
}

}  // namespace firth::jetstream
