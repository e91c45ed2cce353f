// One segment of a partition: a file of record batches, one after the other and nothing else, with its sidecars (segment_name.h).
//
//   .log      | batch | batch | batch ~~~ |            ~~~ written behind, its write-out started, not synced yet
//                             ^ durable   ^ size
//
// It receives released bytes only, so nothing is ever cut back. What is durable is what the manifest says; bytes that the file has beyond
// that when it is opened do not exist. Offsets may have gaps between batches.
//
//   open --close()--> closed, takes no more --end_seal()--> sealed: indexes and seal are on disk (segment_sealing.h, by a worker)
//
// Damage: each batch is checked when it is read. A range that is bad answers kCorrupt, naming file, position and offset; what lies
// before and behind it is served; nothing is deleted, nothing is taken for empty. A lost or wrong index is rebuilt by a scan.
//
// Synchronous, on the partition's shard. Costs: one write per append, one read per read; opening reads nothing, the first read or append
// after it reads the indexes (at most 5 MB for a segment of 1 GiB).
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "base/shared_bytes.h"
#include "log/batch_scan.h"
#include "log/segment_index.h"
#include "log/segment_name.h"
#include "log/segment_sealing.h"
#include "log/sidecar_file.h"
#include "runtime/files.h"

namespace firth::log {

struct SegmentSettings {
  std::uint64_t segment_bytes = std::uint64_t{1} << 30;
  std::int64_t segment_ms = std::numeric_limits<std::int64_t>::max();  // between the first batch's time and that of the last
  std::uint32_t index_interval_bytes = 4096;
  std::uint32_t writeout_chunk_bytes = 128 * 1024;
};

struct SegmentReadRequest {
  Offset from;
  Offset bound;  // batches that end above it are not read: the high watermark, or the last stable offset
  std::size_t max_bytes = 1 << 20;
};

struct SegmentRead {
  SharedBytes batches;  // whole and as they lie on disk; empty: none from `from` on that ends at or below the bound
  Offset next_offset;   // where to read on: after the last batch, or `from`
};

class Segment {
 public:
  // A new, empty one; files of that name that an interrupted roll or clean has left are replaced.
  static Result<std::unique_ptr<Segment>> create(runtime::Files& files, std::string_view directory, const SegmentName& name,
                                                 const SegmentSettings& settings);
  // One that the manifest lists.
  static std::unique_ptr<Segment> open(runtime::Files& files, std::string_view directory, const SegmentDescription& description,
                                       const SegmentSettings& settings);
  ~Segment();

  // An empty segment takes any batch; another one what stays below its limits.
  bool has_room_for(std::uint64_t bytes, Offset last_offset) const;
  // Whether a batch with that greatest timestamp is so much newer than the first that it is the next segment's (Kafka's segment.ms). The
  // first question after opening reads one header.
  Result<bool> is_over_age(std::int64_t timestamp_ms);
  // Limits of the partition's config, which may change while the segment is open.
  void set_limits(const SegmentSettings& settings) { settings_ = settings; }
  // Each part is one or more whole batches, stamped and checked. REQUIRES: not closed; offsets go on upward from next_offset().
  // After an error nothing was appended; after kNoSpace it may be tried again.
  Result<void> append(std::span<const ByteView> parts);

  // The segment answers for the offsets below `end`, though no batch holds the last of them: they are erased. REQUIRES: end >=
  // next_offset().
  void extend_to(Offset end) {
    FIRTH_ASSERT(end >= next_offset_);
    next_offset_ = end;
  }

  // The batch that holds `from`, or the next one if `from` is in a gap, and what follows up to max_bytes; the first batch however large.
  Result<SegmentRead> read(const SegmentReadRequest& request);
  // The first batch at or above request.from whose greatest timestamp is at least this. Which of its records is the first one is for the
  // caller to see. Damaged batches are passed over. max_bytes is not used.
  Result<SegmentRead> read_since(std::int64_t timestamp_ms, const SegmentReadRequest& request);

  // Makes all that was appended durable: flush, sync of the files, of the directory if they are new. A failed one is final.
  Result<void> sync();
  // The halves of sync() for those who sync many segments at once: write the sidecars behind; sync by other means; say so (or fail()).
  Result<SegmentDescription> flush();
  void mark_durable(const SegmentDescription& flushed);
  // A sync has failed: what is not durable is not served any more, appends answer kStorage. The way on is a new generation made of the
  // durable bytes (segment_rewrite.h) and the journal.
  void fail();

  // Takes no more batches from here on; it is read as before.
  void close();
  // What sealing it takes, as values: the last index entries are made here. REQUIRES: closed, not sealed, not failed. May read the indexes.
  Result<SealOrder> seal_order();
  // How carrying out the order ended (segment_sealing.h). kStorage: the segment has failed; all else: it may be tried again.
  void end_seal(const SealOrder& order, const Result<void>& outcome);
  // All three at once, on this thread. Reads all of it if it was opened, not created, by this process.
  Result<void> seal();

  // Removes the files; readers that have read are not concerned. The last call.
  Result<void> remove();
  // Frees what can be read again, if nobody has read since the last call; nothing before it is sealed.
  void drop_idle_caches();

  const SegmentName& name() const { return durable_.name; }
  Offset base() const { return durable_.name.base; }
  std::uint64_t size() const { return size_; }
  Offset next_offset() const { return next_offset_; }
  std::int64_t max_timestamp_ms() const { return max_timestamp_ms_; }
  bool sealed() const { return durable_.sealed; }
  bool closed() const { return closed_ || sealed(); }
  bool takes_batches() const { return !closed() && !failed_; }
  bool failed() const { return failed_; }
  // What the manifest may say of it now.
  const SegmentDescription& durable() const { return durable_; }
  std::string path(std::string_view ending = kLogEnding) const { return segment_path(directory_, name(), ending); }

  // A scan of the durable and written bytes, for those who read all of it: verifying, rewriting, rebuilding.
  Result<BatchScan> scan();

 private:
  struct Place {
    std::uint64_t position = 0;
    BatchContext context;
    Offset last_offset = kNoOffset;  // of the batch there, if an index entry says so
  };

  Segment(runtime::Files& files, std::string_view directory, const SegmentDescription& description, const SegmentSettings& settings);
  Result<void> open_log();
  Result<void> load();
  Result<std::optional<SegmentIndex>> load_index();
  Result<void> rebuild_index();
  Result<void> rewrite_sidecars();
  Result<void> write_new_entries();
  Result<void> add_from(SegmentIndex& index, std::uint64_t position);
  Result<void> sync_files();
  SegmentDescription describe() const;

  std::uint64_t readable_bytes() const { return failed_ ? durable_.length : size_ - missing_bytes_; }
  Place start_of(const SegmentIndex::Start& start) const;
  Result<bool> check_start(Place& place);
  Result<SegmentRead> read_from(Place place, const SegmentReadRequest& request, std::size_t slack);
  Result<Place> pass_damage(const Place& place, Offset from);
  Error damaged(std::uint64_t position, Offset first, Offset end) const;

  runtime::Files* files_;
  std::string directory_;
  SegmentSettings settings_;
  SegmentDescription durable_;
  std::uint64_t size_;
  Offset next_offset_;
  std::int64_t max_timestamp_ms_;
  std::uint64_t missing_bytes_ = 0;  // at the end of a sealed file
  bool is_new_ = false;              // its names may not be durable
  bool closed_ = false;
  bool failed_ = false;
  bool was_read_ = false;  // since drop_idle_caches()
  std::optional<std::int64_t> first_timestamp_ms_;

  std::unique_ptr<runtime::File> log_;  // opened when needed, as the rest
  std::uint64_t writeout_position_;     // up to where write-out was started
  std::optional<SegmentIndex> index_;
  SidecarFile offset_file_;
  SidecarFile time_file_;
  std::optional<Place> read_on_;  // where the last read ended: most go on there
};

// All files of a segment that is open nowhere any more.
Result<void> remove_segment_files(runtime::Files& files, std::string_view directory, const SegmentName& name);

}  // namespace firth::log
