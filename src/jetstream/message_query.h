// Which message a request asks for: STREAM.MSG.GET and direct gets say it in the same members.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "broker/stream.h"
#include "jetstream/json_fields.h"

namespace firth::jetstream {

struct MessageQuery {
  std::uint64_t sequence = 0, batch = 0, max_bytes = 0;
  std::string last, next;  // subjects
  std::optional<std::int64_t> start_ns;
  bool no_headers = false;

  bool is_empty() const { return sequence == 0 && last.empty() && next.empty() && !start_ns.has_value(); }
  // A sequence, a time and a last subject exclude each other; a next subject goes on from one of the first two. Several messages at once
  // are not served.
  bool is_contradictory() const;
  // REQUIRES: neither of the two. Errors: those of Stream::get.
  Result<std::optional<broker::StoredMessage>> find(broker::Stream& stream) const;
};
std::span<const JsonField<MessageQuery>> message_query_fields();

}  // namespace firth::jetstream
