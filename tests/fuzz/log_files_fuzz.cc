// Any bytes as the files of a log: a manifest, a journal file, a segment with its indexes and its seal. Each is read to its end, whatever
// it says, and a record of the manifest is read as it was written.
// Input: which of them, then the bytes.
#include <cstdint>

#include "base/assert.h"
#include "log/journal_scan.h"
#include "log/manifest.h"
#include "log/segment.h"
#include "log/segment_seal.h"
#include "tests/sim/files.h"

using namespace firth;
using namespace firth::log;

namespace {

struct NoSink final : FrameSink {
  void on_frame(Frame, const FramePlace&) override {}
  void on_damage(const JournalDamage&) override {}
};

void scan_as_journal(sim::Files& files, ByteView bytes) {
  FIRTH_ASSERT(make_journal_file(files, "data", JournalPosition(), JournalSettings().file_bytes, JournalSpace::kAppended, {}).ok());
  const std::string path = journal_file_path("data", JournalPosition());
  std::vector<std::byte> content = *files.content(path);
  content.resize(kJournalHeaderBytes);
  content.insert(content.end(), bytes.begin(), bytes.end());
  files.put_content(path, content);
  NoSink sink;
  (void)scan_journal(files, "data", {}, {}, sink).ok();
}

// A third of the input for the log, the rest for its sidecars.
void read_as_segment(sim::Files& files, ByteView bytes) {
  const SegmentName name{.base = Offset(0), .generation = 0};
  const std::size_t third = bytes.size() / 3;
  files.put_content(segment_path("data", name, kLogEnding), bytes.first(third));
  files.put_content(segment_path("data", name, kOffsetIndexEnding), bytes.subspan(third, third));
  files.put_content(segment_path("data", name, kTimeIndexEnding), bytes.subspan(2 * third));
  (void)SegmentSeal::decode(bytes).ok();
  const SegmentDescription description{.name = name, .length = third, .next_offset = Offset(1000), .max_timestamp_ms = 0, .sealed = true};
  const auto segment = Segment::open(files, "data", description, {});
  for (Offset at(0); at < Offset(1000);) {
    const auto read = segment->read({.from = at, .bound = Offset(1000)});
    if (!read.ok() || read->next_offset <= at) break;
    at = read->next_offset;
  }
  (void)segment->read_since(5, {.from = Offset(0), .bound = Offset(1000)}).ok();
}

void read_as_manifest(sim::Files& files, ByteView bytes) {
  const auto made = Manifest::open(files, "data");
  FIRTH_ASSERT(made.ok());
  std::vector<std::byte> content = *files.content("data/manifest");
  content.insert(content.end(), bytes.begin(), bytes.end());
  files.put_content("data/manifest", content);
  (void)Manifest::open(files, "data").ok();
  ManifestBatch batch;
  batch.put_partition({}, GroupId(1), FrameIndex(2), bytes);
  batch.put_piece({}, {.kind = 3, .id = std::string(as_text(bytes.first(bytes.size() / 2)))}, FrameIndex(4), bytes);
  sim::Files fresh;
  FIRTH_ASSERT(fresh.make_directory("data").ok());
  auto written = Manifest::open(fresh, "data");
  FIRTH_ASSERT(written.ok() && written->manifest.commit(batch).ok());
  const auto read = Manifest::read(fresh, "data");
  FIRTH_ASSERT(read.ok() && read->partitions.size() == 1 && read->partitions.begin()->second.pieces.size() == 1);
  FIRTH_ASSERT(as_text(read->partitions.begin()->second.state.view()) == as_text(bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes = std::as_bytes(std::span(data, size)).subspan(1);
  sim::Files files;
  FIRTH_ASSERT(files.make_directory("data").ok());
  if (data[0] % 3 == 0) scan_as_journal(files, bytes);
  else if (data[0] % 3 == 1) read_as_segment(files, bytes);
  else read_as_manifest(files, bytes);
  return 0;
}
