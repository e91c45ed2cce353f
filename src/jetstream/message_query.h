// Which messages a request asks for: STREAM.MSG.GET and direct gets say it in the same members.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "broker/stream.h"
#include "jetstream/json_fields.h"

namespace firth::jetstream {

struct MessageQuery {
  std::uint64_t sequence = 0, batch = 0, max_bytes = 0, up_to = 0;
  std::string last, next;              // subjects
  std::vector<std::string> each_last;  // filters: the last message of each subject that one of them takes
  std::optional<std::int64_t> start_ns, up_to_ns;
  bool no_headers = false;

  bool is_empty() const { return sequence == 0 && last.empty() && next.empty() && !start_ns.has_value(); }
  // Of one message: a sequence, a time and a last subject exclude each other; a next subject goes on from one of the first two.
  bool is_contradictory() const;
  // Where a batch begins.
  Sequence start(broker::Stream& stream) const;
  // One message. REQUIRES: neither empty nor contradictory. Errors: those of Stream::get.
  Result<std::optional<broker::StoredMessage>> find(broker::Stream& stream) const;
};
std::span<const JsonField<MessageQuery>> message_query_fields();

}  // namespace firth::jetstream
