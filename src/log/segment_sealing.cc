#include "log/segment_sealing.h"

#include <array>

#include "base/crc32c.h"
#include "log/batch_scan.h"

namespace firth::log {

using runtime::OpenMode;

namespace {

// An own descriptor: syncing one writes out all pages of the file, whoever wrote them.
Result<void> sync_batches(runtime::Files& files, const std::string& path) {
  auto file = files.open(path, OpenMode::kReadWrite);
  if (!file.ok()) return Error{Errc::kUnavailable, file.error().text};
  if (auto synced = (*file)->sync_data(); !synced.ok()) return Error{Errc::kStorage, synced.error().text};
  return {};
}

Result<HeaderSum> read_headers(runtime::Files& files, const SealOrder& order) {
  const SegmentDescription& segment = order.segment;
  FIRTH_TRY(const auto file, files.open(segment_path(order.directory, segment.name, kLogEnding), OpenMode::kRead));
  BatchScan scan(*file, {0, segment.length}, {.next_offset = segment.name.base, .end_offset = segment.next_offset});
  SegmentIndex index({segment.name.base, order.index_interval_bytes});
  for (;;) {
    FIRTH_TRY(const BatchScan::Step step, scan.next());
    if (step.kind == BatchScan::Kind::kEnd) return index.header_sum();
    if (step.kind == BatchScan::Kind::kBatch) index.add(BatchView(step.batch), step.range.begin);
  }
}

Result<void> write_synced(runtime::Files& files, const SealOrder& order, std::string_view ending, ByteView bytes) {
  FIRTH_TRY(const auto file, files.open(segment_path(order.directory, order.segment.name, ending), OpenMode::kCreateOrReplace));
  if (!bytes.empty()) FIRTH_CHECK(file->write_at(0, std::array{bytes}));
  return file->sync_data();
}

// The seal last: where it is, the indexes are what it says.
Result<void> write_sidecars(runtime::Files& files, const SealOrder& order) {
  SegmentSeal seal{.segment = order.segment,
                   .headers = order.headers.value_or(HeaderSum()),
                   .offset_index_crc = crc32c(order.offset_index),
                   .time_index_crc = crc32c(order.time_index)};
  if (!order.headers) {
    FIRTH_TRY(seal.headers, read_headers(files, order));
  }
  FIRTH_CHECK(write_synced(files, order, kOffsetIndexEnding, order.offset_index));
  FIRTH_CHECK(write_synced(files, order, kTimeIndexEnding, order.time_index));
  FIRTH_CHECK(write_synced(files, order, kSealEnding, seal.encode()));
  return files.sync_directory(order.directory);
}

}  // namespace

Result<void> carry_out_seal(runtime::Files& files, const SealOrder& order) {
  FIRTH_CHECK(sync_batches(files, segment_path(order.directory, order.segment.name, kLogEnding)));
  if (auto written = write_sidecars(files, order); !written.ok()) return Error{Errc::kUnavailable, written.error().text};
  return {};
}

}  // namespace firth::log
