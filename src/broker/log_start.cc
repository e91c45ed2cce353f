#include "broker/log_start.h"

#include <fmt/core.h>

#include "broker/stream.h"
#include "log/acts.h"

namespace firth::broker {

Result<void> move_log_start(ShardBroker& home, log::Partition& partition, Offset target) {
  FIRTH_ASSERT(target <= partition.high_watermark());
  if (target <= partition.log_start()) return {};
  if (Stream* stream = home.stream_of(partition); stream != nullptr) {
    if (stream->config().sealed || stream->config().deny_purge)
      return Error{Errc::kDenied, fmt::format("stream {} does not allow purging", stream->name())};
    stream->move_start(to_sequence(target));
  }
  // A stream moves it only as far as it had messages to remove.
  return partition.act(log::EntryKind::kLogStart, log::encode_offset(target));
}

}  // namespace firth::broker
