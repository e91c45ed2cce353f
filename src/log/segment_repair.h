// The way on for a segment whose sync failed: its durable bytes and, for all behind them, the batches that the journal still holds, in a
// new generation. Never from the page cache: after a failed sync the kernel has marked pages clean that never reached the disk.
#pragma once

#include <optional>
#include <string>

#include "base/ids.h"
#include "log/journal.h"
#include "log/segment.h"

namespace firth::log {

struct JournalPlace {
  std::string directory;
  JournalSettings settings;
};

struct RepairOrder {
  PartitionKey partition;
  std::string directory;
  SegmentDescription durable;  // of the failed segment
  Offset end;                  // after its last offset
  SegmentSettings settings;
  // Where the journal holds what is not durable; it is not released before the repair has ended. Nothing: all of it is durable, and a sync
  // of its sidecars has failed.
  std::optional<JournalPosition> from;
};

// Writes the files of the next generation, syncs them and returns what the manifest is to say of it. While others write the journal: what
// is asked for was written before. kCorrupt: the journal does not hold all of it. After an error no new file is left.
Result<SegmentDescription> repair_segment(runtime::Files& files, const JournalPlace& journal, const RepairOrder& order);

}  // namespace firth::log
