// The manifest log of a disk: which partitions there are, and the state of each up to some frame of its group. Recovery is what it says,
// then the journal after it; the directory listing is never the truth.
//
//   manifest   | header 16 | record | record | ...       appended and synced; rewritten by rename when twice as long as what is live
//   record     magic u32, body length u32, CRC u32 (of position in the file and all that follows), synced u64, kind u8, body; padded to 8
//              synced: the file was synced below this position when the record was written; what is bad above was never relied on
//
// A record is true by itself: it is written after the files that it names are synced. So a bad record is passed over, and the older one
// of the same partition or piece stands, to be replayed further: the journal is kept from the older of two checkpoints on. The file
// before a rewrite is kept as manifest.previous for the same reason: it is read when a record of the new one is bad.
//
// Threads: one at a time (the checkpointer). Synchronous.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/shared_bytes.h"
#include "runtime/files.h"

namespace firth::log {

// A piece of a partition's state that is checkpointed by itself: rewritten only when it changed. Kinds are on disk: never renumbered.
struct PieceKey {
  std::uint16_t kind = 0;
  std::string id;
  auto operator<=>(const PieceKey&) const = default;
};

struct StoredPiece {
  FrameIndex applied;  // acts in frames up to this one are in it
  SharedBytes bytes;
};

struct StoredPartition {
  GroupId group;
  FrameIndex applied;
  SharedBytes state;  // encoded PartitionState (partition_state.h)
  std::map<PieceKey, StoredPiece> pieces;
  std::set<PieceKey> gone_pieces;  // as far as the manifest remembers them
};

using StoredPartitions = std::map<PartitionKey, StoredPartition>;

// Changes that are written and synced together.
class ManifestBatch {
 public:
  void put_partition(const PartitionKey& partition, GroupId group, FrameIndex applied, ByteView state);
  void put_piece(const PartitionKey& partition, const PieceKey& piece, FrameIndex applied, ByteView bytes);
  void remove_piece(const PartitionKey& partition, const PieceKey& piece);
  void remove_partition(const PartitionKey& partition);
  // Recovery needs no frame before this position any more.
  void set_replay_from(JournalPosition position);

  bool empty() const { return records_.empty(); }

 private:
  friend class Manifest;
  struct Record {
    std::uint8_t kind;
    std::vector<std::byte> body;
  };
  std::vector<Record> records_;
};

class Manifest {
 public:
  struct Opened;
  // Reads the manifest of the directory, or makes an empty one. kCorrupt: no readable manifest where there must be one.
  static Result<Opened> open(runtime::Files& files, std::string_view directory);
  // What `open` would find, without writing anything: the manifest in it cannot commit.
  static Result<Opened> read(runtime::Files& files, std::string_view directory);

  // Appends and syncs. After an error nothing may be assumed written, nor that it is not; the next commit begins with a new file.
  Result<void> commit(const ManifestBatch& batch);

  std::uint64_t file_bytes() const { return end_; }
  std::uint64_t live_bytes() const { return live_bytes_; }

 private:
  // What a record is about; a later one of the same subject replaces it.
  struct Subject {
    PartitionKey partition;
    std::uint16_t piece_kind = 0;  // 0: the partition itself
    std::string piece_id;
    auto operator<=>(const Subject&) const = default;
  };
  struct Place {
    std::uint64_t position = 0;
    std::uint32_t bytes = 0;  // of the whole record
  };
  class Loader;

  Manifest(runtime::Files& files, std::string_view directory) : files_(&files), directory_(directory) {}
  std::string path(std::string_view name) const;
  void note(std::uint8_t kind, ByteView body, Place place);
  void forget(const Subject& subject);
  Result<void> load(std::string_view name, Loader& loader) const;
  void begin_account(std::uint64_t end, std::uint64_t synced);
  Result<void> start_with(const StoredPartitions& partitions, JournalPosition replay_from);
  Result<void> append(const ManifestBatch& batch);
  Result<void> secure_tail();
  Result<void> rewrite();

  runtime::Files* files_;
  std::string directory_;
  std::unique_ptr<runtime::File> file_;
  std::uint64_t end_ = 0;
  std::uint64_t synced_ = 0;  // of what was read: so far a record says so
  std::uint64_t live_bytes_ = 0;
  std::map<Subject, Place> live_;
  Place replay_from_;
  bool failed_ = false;
};

struct Manifest::Opened {
  Manifest manifest;
  StoredPartitions partitions;
  JournalPosition replay_from;
  std::uint32_t bad_records = 0;  // passed over; older ones stand in their place
};

}  // namespace firth::log
