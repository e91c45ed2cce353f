// A frame: what one turn appended and decided for the partitions of one group, the unit that the journal stores, a cluster replicates
// and recovery replays. All integers are little-endian; a frame starts at a multiple of 8 and is padded to one.
//
//   | header 72 | directory | payload: entries of the first partition, of the second, ... | directory again | trailer 16 | padding |
//
//   header     magic, CRC of the header, generation, position, end of the frame before, position below which the journal was synced
//              when this was written, index in its group, group, term, directory count, payload bytes, CRC of the payload, flags
//   directory  per partition: topic id 16, partition index, entry count, entry bytes; after the last a CRC of the directory. It stands
//              at both ends, so that damage at one end still says whose data is hurt
//   entry      kind u8, 3 zero bytes, body length u32, body
//   trailer    position u64, directory count u32, CRC of directory, position and count
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/shared_bytes.h"

namespace firth::log {

inline constexpr std::size_t kMaxFrameBytes = 8 * 1024 * 1024;
inline constexpr std::size_t kMaxFramePartitions = 100'000;
inline constexpr std::size_t kFrameAlignment = 8;
inline constexpr GroupId kNoGroup{~0u};  // of the empty frames that the journal writes for itself

// What an entry does to its partition. Values are on disk: never renumbered.
enum class EntryKind : std::uint8_t {
  kBatch = 1,     // a record batch, base offset stamped
  kBirth = 2,     // the partition begins to exist
  kDeath = 3,     // it ends; later entries for its key are skipped and counted
  kErase = 4,     // offsets become invisible: a sequence of ranges
  kLogStart = 5,  // the first offset that Kafka shows
  kFirst = 6,     // the first offset that JetStream shows, at or above the log start
  kReserve = 7,   // which offsets may have been handed out without being durable, and in which life of the machine
  kEpoch = 8,     // a leader epoch and the offset at which it starts
  kConfig = 9,    // what the partition is configured to do from here on, with the catalog's version
  kPiece = 10,    // an act on a piece of state that a higher layer owns (a consumer, producers, the catalog)
};

struct DirectoryEntry {
  PartitionKey partition;
  std::uint32_t entry_count = 0;
  std::uint32_t entry_bytes = 0;
  auto operator<=>(const DirectoryEntry&) const = default;
};
inline constexpr std::size_t kDirectoryEntryBytes = 28;
inline constexpr std::size_t kEntryHeaderBytes = 8;

struct FrameId {
  GroupId group = kNoGroup;
  std::uint32_t term = 0;
  FrameIndex index;
};

// One entry of a frame that is being built or was read: the body is held by reference.
struct Entry {
  EntryKind kind;
  SharedBytes body;
};

// A frame on its way to the journal. Built on the group's shard, then moved along; never changed after submit.
class Frame {
 public:
  Frame() = default;

  // A place for the entries of one partition; the caller remembers it for the rest of the turn and asks once a frame.
  std::size_t add_partition(const PartitionKey& partition);
  void add(std::size_t slot, EntryKind kind, SharedBytes body);

  bool empty() const { return slots_.empty(); }
  std::size_t bytes() const { return payload_bytes_; }  // of the payload, so far
  std::size_t partition_count() const { return slots_.size(); }

  struct Slot {
    PartitionKey partition;
    std::vector<Entry> entries;
    std::uint32_t bytes = 0;  // with entry headers
  };
  const std::vector<Slot>& slots() const { return slots_; }

  FrameId id;

 private:
  std::vector<Slot> slots_;
  std::size_t payload_bytes_ = 0;
};

// Where a frame stands in the journal.
struct FramePlace {
  std::uint64_t generation = 0;
  JournalPosition position;
  JournalPosition previous_end;
  JournalPosition synced;
};

// A frame as parts for one vectored write: what is not the bodies' own lies in `own`; the parts point into it and into the frame.
// Kept and filled again, so that a turn allocates nothing once the vectors have grown.
struct EncodedFrame {
  std::vector<std::byte> own;
  std::vector<ByteView> parts;
  std::size_t bytes = 0;  // a multiple of kFrameAlignment
};
void encode_frame(const Frame& frame, const FramePlace& place, EncodedFrame& encoded);

// The length that the encoded frame will have.
std::size_t encoded_frame_bytes(const Frame& frame);

struct FrameHeader {
  FrameId id;
  FramePlace place;
  std::uint32_t directory_count = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t payload_crc = 0;
  JournalPosition end;  // of the whole frame
};
inline constexpr std::size_t kFrameHeaderBytes = 72;
inline constexpr std::size_t kFrameTrailerBytes = 16;

// The header at the front of `bytes`, if it is one that was written at `position` in a generation not below `generation`.
bool read_frame_header(ByteView bytes, JournalPosition position, std::uint64_t generation, FrameHeader& header);

enum class FrameBody : std::uint8_t { kGood, kBadPayload, kBadDirectory };

// Reads the rest of a frame whose header is good. `bytes` is the whole frame. kBadPayload: the directory says whose data is hurt.
FrameBody read_frame_body(const SharedBytes& bytes, const FrameHeader& header, Frame& frame, std::vector<DirectoryEntry>& directory);

// The directory that stands at the end of a frame, found from the position at which it ends. False: damaged too.
bool read_directory_before(ByteView bytes_before_end, JournalPosition begin, std::vector<DirectoryEntry>& directory);

}  // namespace firth::log
