// The part of Segment that opens files and brings its index into memory: from the sidecars if these are what they say, else by a scan.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/mark.h"
#include "log/segment.h"

namespace firth::log {
namespace {

std::vector<std::byte> read_sidecar(const SidecarFile& file) {
  auto bytes = file.read_all();
  if (bytes.ok()) return *std::move(bytes);
  log_warning("{}", bytes.error().text);  // as good as lost
  return {};
}

}  // namespace

Result<void> Segment::open_log() {
  if (log_) return {};
  FIRTH_TRY(log_, files_->open(path(), sealed() ? runtime::OpenMode::kRead : runtime::OpenMode::kReadWrite));
  FIRTH_TRY(const std::uint64_t file_bytes, log_->size());
  if (sealed()) {
    missing_bytes_ = size_ - std::min(size_, file_bytes);
  } else if (file_bytes != size_) {
    // Beyond the durable length are bytes of an earlier life, which the journal will bring again. What is missing becomes damage: zeroes.
    FIRTH_CHECK(log_->truncate(size_));
  }
  if (file_bytes < size_) log_error("{}: has {} bytes of {}", path(), file_bytes, size_);
  return {};
}

Result<void> Segment::load() {
  if (index_) return {};
  FIRTH_CHECK(open_log());
  FIRTH_TRY(index_, load_index());
  return index_ ? Result<void>() : rebuild_index();
}

Result<BatchScan> Segment::scan() {
  FIRTH_CHECK(open_log());
  return BatchScan(*log_, {0, readable_bytes()}, {.next_offset = base(), .end_offset = next_offset_});
}

// What a file says is believed if the seal has its checksum, or else as far as it is in order and if its last entry points to a batch
// that has that offset. An entry in the middle that lies is found by the read that uses it, which then rebuilds the index.
Result<std::optional<SegmentIndex>> Segment::load_index() {
  const std::vector<std::byte> offset_bytes = read_sidecar(offset_file_);
  const std::vector<std::byte> time_bytes = read_sidecar(time_file_);
  const SegmentIndex::Settings settings{base(), settings_.index_interval_bytes};
  OffsetIndex offsets = OffsetIndex::decode_prefix(offset_bytes, size_);
  TimeIndex times = TimeIndex::decode_prefix(time_bytes, next_offset_ - base());
  if (sealed()) {
    const auto seal = read_seal(*files_, directory_, name());
    const bool matches = seal.ok() && seal->segment == durable_ && seal->offset_index_crc == crc32c(offset_bytes) &&
                         seal->time_index_crc == crc32c(time_bytes);
    if (matches) return std::optional(SegmentIndex(settings, std::move(offsets), std::move(times)));
  } else if (!offsets.entries().empty()) {
    const OffsetIndex::Entry last = offsets.entries().back();
    Place place = start_of({static_cast<std::uint64_t>(last.position), base() + last.relative_offset});
    FIRTH_TRY(const bool is_right, check_start(place));
    if (is_right) {
      offset_file_.keep_prefix(offsets.entries().size() * OffsetIndex::kEntryBytes);
      time_file_.keep_prefix(times.entries().size() * TimeIndex::kEntryBytes);
      SegmentIndex index(settings, std::move(offsets), std::move(times));
      FIRTH_CHECK(add_from(index, place.position));
      return std::optional(std::move(index));
    }
  }
  return std::optional<SegmentIndex>();
}

Result<void> Segment::rebuild_index() {
  SegmentIndex index({base(), settings_.index_interval_bytes});
  if (size_ > settings_.index_interval_bytes) {
    FIRTH_MARK("log.segment.rebuild_index");
    log_info("{}: its indexes are lost or damaged: rebuilding them from {} bytes", path(), size_);
  }
  FIRTH_CHECK(add_from(index, 0));
  if (sealed()) index.close();
  index_ = std::move(index);
  const auto written = rewrite_sidecars();
  if (!written.ok()) log_warning("{}", written.error().text);  // the next start rebuilds them again
  return {};
}

Result<void> Segment::rewrite_sidecars() {
  FIRTH_CHECK(offset_file_.start_anew());
  FIRTH_CHECK(time_file_.start_anew());
  return write_new_entries();
}

Result<void> Segment::add_from(SegmentIndex& index, std::uint64_t position) {
  BatchScan scan(*log_, {position, readable_bytes()}, {.next_offset = base(), .end_offset = next_offset_});
  for (;;) {
    FIRTH_TRY(const BatchScan::Step step, scan.next());
    if (step.kind == BatchScan::Kind::kEnd) return {};
    if (step.kind == BatchScan::Kind::kBatch) index.add(BatchView(step.batch), step.range.begin);
  }
}

}  // namespace firth::log
