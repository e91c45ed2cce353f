#include "broker/visible_read.h"

#include <utility>

#include "log/batch_builder.h"
#include "log/erase_rewrite.h"

namespace firth::broker {
namespace {

constexpr std::int64_t kNoTimestamp = -1;

VisibleRead marker_before(Offset bound, LeaderEpoch epoch) {
  std::vector<std::byte> bytes;
  VisibleRead read;
  read.batches.push_back(SharedBytes::copy(log::build_hole_marker(bytes, bound - 1, epoch, kNoTimestamp)));
  read.bytes = bytes.size();
  return read;
}

}  // namespace

Result<VisibleRead> read_visible(log::Partition& partition, const log::ReadRequest& request) {
  VisibleRead visible;
  log::EraseRewriter rewriter;
  Offset from = request.from;
  while (from < request.bound && visible.bytes == 0) {
    const Offset live = partition.next_live(from, request.bound);
    if (live >= request.bound) return marker_before(request.bound, partition.epoch());
    FIRTH_TRY(log::LogRead raw, partition.read_raw({.from = live, .bound = request.bound, .max_bytes = request.max_bytes}));
    if (raw.batches.empty()) return marker_before(request.bound, partition.epoch());  // offsets that no batch holds
    const Offset begin = log::BatchView(raw.batches.front().view()).base_offset();
    if (const log::OffsetRange range{begin, raw.next_offset}; !partition.has_erased(range)) {
      visible.batches = std::move(raw.batches);
    } else {
      const log::ErasedSet erased = partition.erased_within(range);
      const log::Visibility visibility{.erased = &erased, .hidden_below = partition.first()};
      for (const SharedBytes& batches : raw.batches) FIRTH_CHECK(rewriter.rewrite(batches, visibility, visible.batches));
    }
    for (const SharedBytes& batches : visible.batches) visible.bytes += batches.size();
    from = raw.next_offset;
  }
  return visible;
}

}  // namespace firth::broker
