// The cleaner's hand: one segment into a new generation without what is erased.
#pragma once

#include <cstdint>
#include <optional>

#include "log/erase_rewrite.h"
#include "log/segment.h"

namespace firth::log {

struct RewriteTarget {
  std::string_view directory;
  std::uint32_t generation;  // above the source's
  SegmentSettings settings;
};

// Writes the files of the new generation, syncs them and returns what the manifest is to say of it; until that is committed the source is
// the truth, and removed only after. Sealed if the source is, with the source's next offset. nullopt: nothing lives, there is no file.
// kCorrupt: the source has damage; it stays as it is, nothing may be dropped that cannot be read. After an error no new file is left.
Result<std::optional<SegmentDescription>> rewrite_segment(runtime::Files& files, Segment& source, const Visibility& visibility,
                                                          const RewriteTarget& target);

// The half of it that repairs share: appends what lives in the source, rewritten where only a part of a batch does.
Result<void> copy_living(Segment& source, const Visibility& visibility, Segment& to);

}  // namespace firth::log
