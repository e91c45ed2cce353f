#include "log/segment_repair.h"

#include <fmt/core.h>

#include <array>

#include "base/log.h"
#include "base/mark.h"
#include "log/journal_scan.h"
#include "log/segment_rewrite.h"

namespace firth::log {
namespace {

// Appends the partition's batches that lie behind what the segment has, and before its end.
class Refill final : public FrameSink {
 public:
  Refill(const RepairOrder& order, Segment& to) : order_(order), to_(to) {}

  void on_frame(Frame frame, const FramePlace&) override {
    for (const Frame::Slot& slot : frame.slots()) {
      if (slot.partition != order_.partition) continue;
      for (const Entry& entry : slot.entries)
        if (entry.kind == EntryKind::kBatch && outcome_.ok()) outcome_ = take(entry.body.view());
    }
  }
  void on_damage(const JournalDamage&) override {}  // what it took away is missing at the end
  bool wants_more() const override { return outcome_.ok() && to_.next_offset() < order_.end; }
  const Result<void>& outcome() const { return outcome_; }

 private:
  Result<void> take(ByteView bytes) {
    const BatchView batch(bytes);
    if (batch.base_offset() < to_.next_offset() || batch.next_offset() > order_.end) return {};
    return to_.append(std::array{bytes});
  }

  const RepairOrder& order_;
  Segment& to_;
  Result<void> outcome_;
};

Result<void> fill(runtime::Files& files, const JournalPlace& journal, const RepairOrder& order, Segment& to) {
  if (order.durable.length > 0) {
    // As a sealed one, which is only read: the manifest on disk may name more of it than we know to be durable.
    SegmentDescription whole = order.durable;
    whole.sealed = true;
    const auto source = Segment::open(files, order.directory, whole, order.settings);
    FIRTH_CHECK(copy_living(*source, {}, to));
  }
  if (to.next_offset() < order.end && order.from.has_value()) {
    Refill refill(order, to);
    FIRTH_CHECK(scan_journal(files, journal.directory, journal.settings, *order.from, refill));
    FIRTH_CHECK(refill.outcome());
  }
  if (to.next_offset() != order.end)
    return Error{Errc::kCorrupt, fmt::format("{}: its batches are there up to offset {}, not {}: the journal does not hold the others",
                                             to.path(), to.next_offset().value(), order.end.value())};
  return to.sync();
}

}  // namespace

Result<SegmentDescription> repair_segment(runtime::Files& files, const JournalPlace& journal, const RepairOrder& order) {
  FIRTH_MARK("log.segment.repair");
  const SegmentName name{.base = order.durable.name.base, .generation = order.durable.name.generation + 1};
  FIRTH_TRY(const auto to, Segment::create(files, order.directory, name, order.settings));
  if (auto filled = fill(files, journal, order, *to); !filled.ok()) {
    if (const auto removed = to->remove(); !removed.ok()) log_warning("{}", removed.error().text);  // the manifest does not know them
    return std::move(filled).error();
  }
  return to->durable();
}

}  // namespace firth::log
