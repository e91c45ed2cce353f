#include "log/inspect.h"

#include <fmt/core.h>

#include <array>

#include "log/acts.h"
#include "log/batch_scan.h"
#include "log/journal_scan.h"
#include "log/manifest.h"
#include "log/partition.h"
#include "log/partition_state.h"
#include "log/segment_seal.h"

namespace firth::log {
namespace {

constexpr std::array<std::string_view, 11> kEntryNames = {"?",     "batch",   "birth", "death",  "erase", "log start",
                                                          "first", "reserve", "epoch", "config", "piece"};

std::string describe_batch(const BatchView& batch) {
  return fmt::format("batch {}..{} epoch {} records {} bytes {} producer {}/{} sequence {} codec {}{}{}", batch.base_offset().value(),
                     batch.last_offset().value(), batch.leader_epoch().value(), batch.record_count(), batch.size(),
                     batch.producer_id().value(), batch.producer_epoch(), batch.base_sequence(), static_cast<int>(batch.codec()),
                     batch.is_control() ? " control" : "", batch.is_nats_born() ? " nats" : "");
}

class Inspector : public FrameSink {
 public:
  Inspector(runtime::Files& files, std::string_view directory, const InspectionSettings& settings)
      : files_(files), directory_(directory), settings_(settings) {}

  Result<Inspection> run() {
    FIRTH_TRY(const Manifest::Opened manifest, Manifest::read(files_, directory_));
    if (manifest.bad_records > 0) complain(fmt::format("manifest: {} damaged records", manifest.bad_records));
    for (const auto& [key, partition] : manifest.partitions) look_at_partition(key, partition);
    print(fmt::format("manifest: replay from {}", manifest.replay_from.value()));
    FIRTH_TRY(const JournalScan scan, scan_journal(files_, directory_ + "/journal", settings_.journal, manifest.replay_from, *this));
    found_.torn_tail = scan.torn_tail;
    print(fmt::format("journal: ends at {}, generation {}{}", scan.end.value(), scan.generation, scan.torn_tail ? ", torn tail" : ""));
    return std::move(found_);
  }

  void on_frame(Frame frame, const FramePlace& place) override {
    ++found_.frames;
    print(fmt::format("frame {} group {} index {} generation {} synced {}", place.position.value(), frame.id.group.value(),
                      frame.id.index.value(), place.generation, place.synced.value()));
    for (const Frame::Slot& slot : frame.slots())
      for (const Entry& entry : slot.entries) look_at_entry(slot.partition, entry);
  }
  void on_damage(const JournalDamage& damage) override {
    complain(fmt::format("journal: damaged from {} to {}, {}", damage.begin.value(), damage.end.value(),
                         damage.directory_known ? fmt::format("{} partitions", damage.partitions.size()) : "partitions unknown"));
  }

 private:
  void print(const std::string& line) { settings_.print(line); }
  void complain(std::string line) {
    print(line);
    found_.complaints.push_back(std::move(line));
  }

  void look_at_entry(const PartitionKey& key, const Entry& entry) {
    ++found_.entries;
    const auto kind = static_cast<std::size_t>(entry.kind);
    if (kind == 0 || kind >= kEntryNames.size()) return complain(fmt::format("journal: an entry of the unknown kind {}", kind));
    if (entry.kind != EntryKind::kBatch) {
      ++found_.acts;
      return print(fmt::format("  {} {} ({} bytes)", partition_directory("", key), kEntryNames[kind], entry.body.size()));
    }
    if (look_at_batch(entry.body.view()) != BatchFront::kWhole || !BatchView(entry.body.view()).crc_matches())
      return complain(fmt::format("journal: a damaged batch of {}", partition_directory("", key)));
    print(fmt::format("  {} {}", partition_directory("", key), describe_batch(BatchView(entry.body.view()))));
  }

  void look_at_partition(const PartitionKey& key, const StoredPartition& stored) {
    ++found_.partitions;
    found_.pieces += stored.pieces.size();
    const std::string path = partition_directory(directory_ + "/partitions", key);
    const auto state = decode_partition_state(stored.state.view());
    if (!state.ok()) return complain(fmt::format("{}: {}", path, state.error().text));
    print(fmt::format("{}: group {} applied {} log start {} first {} next {} segments {} pieces {}", path, stored.group.value(),
                      stored.applied.value(), state->log_start.value(), state->first.value(), state->next.value(), state->segments.size(),
                      stored.pieces.size()));
    for (const auto& [piece, bytes] : stored.pieces)
      print(fmt::format("  piece {} \"{}\" applied {} ({} bytes)", piece.kind, piece.id, bytes.applied.value(), bytes.bytes.size()));
    for (const SegmentDescription& segment : state->segments) {
      if (auto looked = look_at_segment(path, segment); !looked.ok()) complain(looked.error().text);
    }
  }

  Result<void> look_at_segment(const std::string& path, const SegmentDescription& segment) {
    ++found_.segments;
    const std::string name = segment_path(path, segment.name, kLogEnding);
    print(fmt::format("  segment {} length {} next {}{}", name, segment.length, segment.next_offset.value(),
                      segment.sealed ? " sealed" : ""));
    FIRTH_TRY(const auto file, files_.open(name, runtime::OpenMode::kRead));
    BatchScan scan(*file, {.begin = 0, .end = segment.length}, {.next_offset = segment.name.base, .end_offset = segment.next_offset});
    SegmentIndex index({.base = segment.name.base, .interval_bytes = 4096});
    for (;;) {
      FIRTH_TRY(const BatchScan::Step step, scan.next());
      if (step.kind == BatchScan::Kind::kEnd) break;
      if (step.kind == BatchScan::Kind::kDamage) {
        complain(fmt::format("{}: damaged from {} to {}", name, step.range.begin, step.range.end));
        continue;
      }
      const BatchView batch(step.batch);
      ++found_.batches;
      found_.records += static_cast<std::uint64_t>(batch.record_count());
      index.add(batch, step.range.begin);
      print(fmt::format("    {} {}", step.range.begin, describe_batch(batch)));
    }
    if (!segment.sealed) return {};
    FIRTH_TRY(const SegmentSeal seal, read_seal(files_, path, segment.name));
    if (!(seal.headers == index.header_sum())) complain(fmt::format("{}: its batch headers are not those that were sealed", name));
    return {};
  }

  runtime::Files& files_;
  std::string directory_;
  const InspectionSettings& settings_;
  Inspection found_;
};

}  // namespace

Result<Inspection> inspect(runtime::Files& files, std::string_view directory, const InspectionSettings& settings) {
  return Inspector(files, directory, settings).run();
}

}  // namespace firth::log
