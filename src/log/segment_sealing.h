// Sealing a closed segment: its index files, whole, and its seal are written, and everything of it is synced. An order is values, so that
// a worker carries it out while the segment is read on its shard; a sync takes milliseconds that no loop may wait.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "log/segment_seal.h"
#include "runtime/files.h"

namespace firth::log {

struct SealOrder {
  std::string directory;
  SegmentDescription segment;  // as it will be: sealed
  std::uint32_t index_interval_bytes = 0;
  std::vector<std::byte> offset_index, time_index;  // the files' whole content
  std::optional<HeaderSum> headers;                 // nothing: not all batches were seen, the file is read
};

// kStorage: its batches could not be synced, which is final. kUnavailable: they are safe, but there is no seal; it may be tried again.
Result<void> carry_out_seal(runtime::Files& files, const SealOrder& order);

}  // namespace firth::log
