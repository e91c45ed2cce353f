// What a partition is, apart from its bytes and pieces: the small state that every checkpoint writes whole into the manifest.
#pragma once

#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/shared_bytes.h"
#include "log/acts.h"
#include "log/segment_name.h"

namespace firth::log {

// A segment that the cleaner has written: how many offsets lived in it then. One that it has not written lived whole.
struct RewrittenSegment {
  Offset base;
  std::int64_t live = 0;
  bool operator==(const RewrittenSegment&) const = default;
};

struct PartitionState {
  Offset log_start{0};  // the first offset that Kafka shows
  Offset first{0};      // the first that JetStream shows: at or above the log start
  Offset next{0};       // after the last released offset: the high watermark
  Offset reserved{0};   // no offset at or above this one was handed out; matters for what is not synced before it is released
  BootId reserved_in;   // ... as long as the machine ran
  std::vector<EpochStart> epochs;
  std::uint64_t catalog_version = 0;  // of the config
  SharedBytes config;
  std::vector<SegmentDescription> segments;
  std::vector<RewrittenSegment> rewritten;  // of them

  LeaderEpoch epoch() const { return epochs.empty() ? LeaderEpoch(0) : epochs.back().epoch; }
};

SharedBytes encode_partition_state(const PartitionState& state);
// kCorrupt; kUnsupported: a later version.
Result<PartitionState> decode_partition_state(ByteView bytes);

}  // namespace firth::log
