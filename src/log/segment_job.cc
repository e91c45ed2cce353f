#include "log/segment_job.h"

#include <algorithm>

#include "base/log.h"
#include "log/segment_rewrite.h"

namespace firth::log {
namespace {

SegmentJobOutcome carry_out(runtime::Files& files, const SealOrder& order) {
  FIRTH_CHECK(carry_out_seal(files, order));
  return std::optional(order.segment);
}

SegmentJobOutcome carry_out(runtime::Files& files, const RewriteOrder& order) {
  const auto source = Segment::open(files, order.directory, order.source, order.settings);
  return rewrite_segment(files, *source, {.erased = &order.erased, .hidden_below = order.hidden_below},
                         {.directory = order.directory, .generation = order.source.name.generation + 1, .settings = order.settings});
}

SegmentJobOutcome carry_out(runtime::Files& files, const SweepOrder& order) {
  const auto entries = files.list(order.directory);
  if (!entries.ok()) return std::optional<SegmentDescription>();  // a partition without a segment has no directory
  for (const runtime::DirectoryEntry& entry : *entries) {
    for (const std::string_view ending : kSegmentEndings) {
      const auto name = parse_segment_file(entry.name, ending);
      if (!name || name->base >= order.end || std::ranges::find(order.known, *name) != order.known.end()) continue;
      log_info("{}/{}: left by an interrupted change: removed", order.directory, entry.name);
      auto removed = files.remove(order.directory + "/" + entry.name);
      if (!removed.ok() && removed.error().code != Errc::kNotFound) return std::move(removed).error();
    }
  }
  return std::optional<SegmentDescription>();
}

}  // namespace

SegmentJobOutcome carry_out(runtime::Files& files, const JournalPlace& journal, const SegmentJob& job) {
  if (const auto* repair = std::get_if<RepairOrder>(&job)) {
    FIRTH_TRY(const SegmentDescription made, repair_segment(files, journal, *repair));
    return std::optional(made);
  }
  if (const auto* rewrite = std::get_if<RewriteOrder>(&job)) return carry_out(files, *rewrite);
  if (const auto* sweep = std::get_if<SweepOrder>(&job)) return carry_out(files, *sweep);
  return carry_out(files, std::get<SealOrder>(job));
}

}  // namespace firth::log
