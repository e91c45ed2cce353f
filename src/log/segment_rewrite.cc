#include "log/segment_rewrite.h"

#include <array>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/mark.h"

namespace firth::log {
namespace {

constexpr std::size_t kWriteBytes = 256 * 1024;

Result<void> write_out(Segment& to, std::vector<std::byte>& batches) {
  if (batches.empty()) return {};
  const std::array parts{ByteView(batches)};
  FIRTH_CHECK(to.append(parts));
  batches.clear();
  return {};
}

}  // namespace

Result<void> copy_living(Segment& source, const Visibility& visibility, Segment& to) {
  FIRTH_TRY(BatchScan scan, source.scan());
  EraseRewriter rewriter;
  std::vector<std::byte> pending;
  for (;;) {
    FIRTH_TRY(const BatchScan::Step step, scan.next());
    if (step.kind == BatchScan::Kind::kEnd) return write_out(to, pending);
    if (step.kind == BatchScan::Kind::kDamage)
      return Error{Errc::kCorrupt, source.path() + ": damaged at position " + std::to_string(step.range.begin) + ": not rewritten"};
    const BatchView batch(step.batch);
    const Survival survival = survival_of(batch, visibility);
    if (survival == Survival::kNothing) continue;
    ByteView left = step.batch;
    if (survival == Survival::kPartly) {
      FIRTH_TRY(left, rewriter.rewrite_batch(batch, visibility));
    }
    pending.insert(pending.end(), left.begin(), left.end());
    if (pending.size() >= kWriteBytes) FIRTH_CHECK(write_out(to, pending));
  }
}

Result<std::optional<SegmentDescription>> rewrite_segment(runtime::Files& files, Segment& source, const Visibility& visibility,
                                                          const RewriteTarget& target) {
  FIRTH_ASSERT(target.generation > source.name().generation);
  FIRTH_TRY(const auto to, Segment::create(files, target.directory, {source.base(), target.generation}, target.settings));
  const auto give_up = [&] {
    const auto removed = to->remove();
    if (!removed.ok()) log_warning("{}", removed.error().text);  // the manifest does not know them
  };
  auto written = copy_living(source, visibility, *to);
  if (written.ok() && to->size() == 0) {
    FIRTH_CHECK(to->remove());
    return std::optional<SegmentDescription>();
  }
  if (written.ok()) {
    to->extend_to(source.next_offset());
    written = source.sealed() ? to->seal() : to->sync();
  }
  if (!written.ok()) {
    give_up();
    return std::move(written).error();
  }
  FIRTH_MARK("log.segment.rewritten");
  return std::optional(to->durable());
}

}  // namespace firth::log
