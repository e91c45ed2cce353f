// What is to be done to the files of one segment, as values: a worker carries it out while the partition goes on, and the partition's
// shard takes the result. Chosen by Partition (partition_cleaning.cc), driven by Cleaner.
#pragma once

#include <optional>
#include <variant>

#include "log/erased_set.h"
#include "log/segment_repair.h"
#include "log/segment_sealing.h"

namespace firth::log {

// A sealed segment into a new generation, without what is erased (segment_rewrite.h).
struct RewriteOrder {
  std::string directory;
  SegmentDescription source;
  SegmentSettings settings;
  ErasedSet erased{Offset(0)};
  Offset hidden_below;
  std::int64_t live = 0;  // offsets that will be in it
};

// Files that the life before has left when it ended in the middle of something: those of segments that nobody names.
struct SweepOrder {
  std::string directory;
  std::vector<SegmentName> known;
  Offset end;  // segments from there on may be in the making
};

using SegmentJob = std::variant<SealOrder, RewriteOrder, RepairOrder, SweepOrder>;

// What the manifest is to say of the segment from now on; nothing: no record lives, there is no file; or it was a sweep. Errors: those of
// carry_out_seal, rewrite_segment, repair_segment.
using SegmentJobOutcome = Result<std::optional<SegmentDescription>>;

SegmentJobOutcome carry_out(runtime::Files& files, const JournalPlace& journal, const SegmentJob& job);

}  // namespace firth::log
