// One partition on its shard: an ordered log of record batches, and the acts that decide what of it can be seen.
//
//   overlay   decided, not released yet: next_offset(), epoch(). Decisions read it; a failed commit drops it.
//   visible   released: log_start() <= first() <= high_watermark(), pieces, what read() returns. Changed by apply() only, frame by
//             frame, in order; the leader, and recovery, run the same code.
//
//   append, act --> the group's frame of this turn --> journal --> apply --> tail --> segment, written behind
//
// Shard: everything here runs on the shard that owns the group. Asserted at each change: log start <= first, high watermark <= next offset.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/shared_bytes.h"
#include "log/acts.h"
#include "log/erased_set.h"
#include "log/frame.h"
#include "log/manifest.h"
#include "log/partition_state.h"
#include "log/piece.h"
#include "log/segment.h"
#include "log/segment_job.h"
#include "log/tail.h"
#include "runtime/files.h"
#include "runtime/memory_account.h"

namespace firth::log {

class Group;

enum class Durability : std::uint8_t {
  kSync,  // released when committed: survives power loss
  kOs     // released when written: survives the death of the process
};

// What the log must know of a partition's config; the layer above derives it from the config act.
struct PartitionSettings {
  Durability durability = Durability::kSync;
  SegmentSettings segments;
  std::size_t tail_keep_bytes = 1024 * 1024;   // of written batches, for readers at the end
  std::size_t write_behind_bytes = 64 * 1024;  // a segment is written in chunks of at least that much
  // With durability `os`: the blocks in which offsets are reserved (partition_reserve.cc). Large enough that a million messages a second
  // need a few syncs a second; a hole costs nothing.
  std::int64_t reserved_offsets = std::int64_t{1} << 18;
  // An open segment of that size ends if half of it is dead (of any size if all of it is): then its bytes can leave the disk.
  std::uint64_t dead_roll_bytes = 8 * 1024 * 1024;
};

// Up to where a partition has outlived its limits, segment by segment.
struct RetentionLimits {
  std::optional<std::int64_t> oldest_ms;   // a segment whose newest record is older goes
  std::optional<std::uint64_t> max_bytes;  // the oldest go while what stays is not below it
};

// What every partition of a disk shares.
struct PartitionEnvironment {
  runtime::Files& files;
  std::string directory;  // below it, a directory per topic id and partition
  std::function<PartitionSettings(ByteView config)> settings_of;
  PieceFactory make_piece;
  runtime::MemoryGovernor* memory = nullptr;  // counts the tails; none: they are not counted
};

// A partition's directory is named by topic id, so that accounts, renames and re-creation cannot collide.
std::string partition_directory(std::string_view below, const PartitionKey& key);

// Told on the shard, after a frame was applied; must not append within the call (it may post a job that does).
class PartitionObserver {
 public:
  virtual ~PartitionObserver() = default;
  virtual void on_released() = 0;
  virtual void on_dead() = 0;
};

struct ReadRequest {
  Offset from;
  Offset bound;  // exclusive: the high watermark or below
  std::size_t max_bytes = 1024 * 1024;
};

struct LogRead {
  std::vector<SharedBytes> batches;  // each holds one or more whole batches
  Offset next_offset;                // where to read on
};

class Partition {
 public:
  Partition(const PartitionKey& key, PartitionEnvironment& environment, Group& group);
  ~Partition();
  Partition(const Partition&) = delete;
  Partition& operator=(const Partition&) = delete;

  const PartitionKey& key() const { return key_; }
  std::string directory() const;
  Group& group() { return group_; }

  // --- Decisions. All of one turn share a frame. ---

  // Appends one whole, checked batch; base offset and epoch are stamped into its bytes, which nobody else reads yet. Returns the base.
  // kNoSpace: the disk is below its reserve. kStorage: the journal has failed. kCorrupt: fenced. kLimit: larger than a frame. kUnavailable:
  // the disk is behind, and too much waits for it.
  Result<Offset> append(SharedBytes batch);
  // Acts go on when the disk is full, so that deleting makes room.
  Result<void> act(EntryKind kind, SharedBytes body);
  Result<void> act_on_piece(const PieceAct& act) { return this->act(EntryKind::kPiece, encode_piece_act(act)); }

  // Runs when all that was decided so far is released, at once if it is; with the error if it never will be.
  using Released = std::move_only_function<void(const Result<void>&)>;
  void when_released(Released done);
  // The same when it survives power loss, whatever the durability: for what a promise was given of that no setting may weaken.
  void when_committed(Released done);

  Offset next_offset() const { return next_offset_; }
  LeaderEpoch epoch() const { return epoch_; }
  const PartitionSettings& settings() const { return settings_; }

  // --- Visible. ---

  Offset log_start() const { return state_.log_start; }
  Offset first() const { return state_.first; }
  Offset high_watermark() const { return state_.next; }
  const PartitionState& state() const { return state_; }
  bool is_born() const { return born_; }
  bool is_dead() const { return dead_; }
  bool is_fenced() const { return !fenced_.empty(); }

  // Whole raw batches as they were appended, erased records included. Errors: kCorrupt names what is damaged.
  Result<LogRead> read_raw(const ReadRequest& request);
  // The first offset >= from, below `end`, that is neither erased nor hidden below first(); `end` if none.
  Offset next_live(Offset from, Offset end) const;
  bool is_erased(Offset offset) const { return next_live(offset, offset + 1) != offset; }
  bool has_erased(OffsetRange range) const;
  // What of the range is erased, as one set; what is hidden below first() apart.
  ErasedSet erased_within(OffsetRange range) const;
  Result<std::optional<SegmentRead>> find_time(std::int64_t timestamp_ms, Offset bound);
  // Where the log start belongs by these limits; whoever asks decides it by an act.
  Offset expired_end(const RetentionLimits& limits) const;
  std::uint64_t size_bytes() const;  // of all batches, in segments and tail

  Piece* piece(const PieceKey& key) const;
  // Every piece of the kind, in order of their ids.
  void for_each_piece(std::uint16_t kind, const std::function<void(const std::string& id, Piece&)>& visit) const;

  void add_observer(PartitionObserver& observer) { observers_.push_back(&observer); }
  void remove_observer(PartitionObserver& observer) { std::erase(observers_, &observer); }

  // --- For the group, recovery and checkpoints. ---

  Result<void> restore(const StoredPartition& stored);
  void apply(FrameIndex index, const Frame::Slot& slot, JournalPosition replay_from);
  // The same for a frame that recovery found in the journal. What it brings stays in the tail: no segment is read or written.
  void replay(FrameIndex index, const Frame::Slot& slot, JournalPosition replay_from);
  // The same for a frame that is in the partition as the manifest has it: it is held for the older of two checkpoints, and a piece may be
  // older than its partition, if its newest record was bad.
  void replay_recorded(FrameIndex index, const Frame::Slot& slot, JournalPosition replay_from);
  void run_released(FrameIndex index);  // waiters up to that frame
  // Whether what the slot says may be seen before it is synced: durability `os`, in order even where that was changed while frames were
  // under way, and below what is reserved for sure.
  bool is_released_by_writing(FrameIndex index, const Frame::Slot& slot) const;
  // The frame is synced. True: more is reserved than before.
  bool note_committed(FrameIndex index);
  void fail(const Error& why);  // drops the overlay; waiters get the error
  void fence(std::string why) { fenced_ = std::move(why); }
  void notify();  // observers, once per turn that applied something
  // After recovery, when acts can be submitted: the overlay starts where the visible state ends. Where power loss may have taken offsets
  // that were handed out, it starts behind them, in a new leader epoch.
  void take_leadership();
  // Before a clean stop: nothing is reserved any more, so that the next start has no reason to leave a hole.
  Result<void> give_back_reservation();

  struct Checkpoint {
    FrameIndex applied;
    SharedBytes state;
    std::vector<std::pair<PieceKey, SharedBytes>> pieces;  // those that are not recorded twice as they are
    std::vector<PieceKey> removed_pieces;
    std::vector<SegmentDescription> flushed;  // is true once they are synced
    std::vector<SegmentName> removable;       // neither this checkpoint nor the one before names them: their files go when it stands
    bool has_new_files = false;               // perhaps all synced, but for the names of directories
    bool dead = false;
  };
  // Whether a checkpoint would let go of journal that is held, or of files.
  bool wants_checkpoint() const { return dirty_from_.has_value() || older_from_.has_value() || !retired_.empty(); }
  // The oldest journal that two checkpoints need; nothing: none.
  std::optional<JournalPosition> held_from() const;
  Result<Checkpoint> begin_checkpoint();
  void end_checkpoint(const Checkpoint& checkpoint, bool committed);

  // --- For the cleaner. ---

  // Ends an open segment that is mostly dead; frees what nobody has used since the last call, and when memory is tight the written tail.
  void tidy();
  // What is to be done to a segment's files next: repaired, sealed, rewritten; strays swept, once. Nothing while something is under way.
  std::optional<SegmentJob> begin_segment_job();
  // Whether the job did what it was for.
  bool end_segment_job(const SegmentJob& job, SegmentJobOutcome outcome);
  // Whether a checkpoint would remove files.
  bool has_files_to_let_go() const;
  // A sync of the file system failed: what is in segments and not durable may be lost, and is not believed any more.
  void fail_unsynced_segments();

 private:
  friend class Group;
  // How many checkpoints hold a piece as it is. Two write it, so that a bad record of the manifest leaves another one.
  enum class Recorded : std::uint8_t { kTwice, kOnce, kNot };
  struct HeldPiece {
    std::unique_ptr<Piece> piece;
    FrameIndex restored_at;  // frames up to this one are in it already
    Recorded recorded = Recorded::kTwice;
  };
  struct HeldErased {
    ErasedSet set;
    FrameIndex restored_at;
    Recorded recorded = Recorded::kTwice;
  };
  struct Waiter {
    FrameIndex frame;
    Released done;
  };
  struct Reservation {
    FrameIndex frame;
    Offset end;
  };
  // Files that are to go. The older of the two checkpoints that are kept must not name them either: a bad record of the manifest would
  // bring them back.
  struct Retired {
    enum class Stage : std::uint8_t { kNamed, kLeaving, kForgotten } stage;  // by the last checkpoint; the one under way leaves it out
    SegmentName name;
  };

  Result<void> may_write() const;
  Result<void> reserve_for(Offset end);
  Result<void> reserve(Offset end);
  void hold(const PieceKey& key, HeldPiece held);
  template <class Tell>
  void tell_pieces(FrameIndex index, const Tell& tell);
  void apply_entry(FrameIndex index, const Entry& entry);
  void apply_batch(FrameIndex index, const SharedBytes& bytes);
  void apply_config(ByteView body);
  void apply_erase(FrameIndex index, const std::vector<OffsetRange>& ranges);
  void apply_piece(FrameIndex index, const PieceAct& act);
  void move_first(FrameIndex index, Offset first);
  void check_invariants() const;

  Result<void> write_behind(std::size_t at_least);
  void trim_tail();
  Result<Segment*> segment_for(const Tail::Batch& batch);
  std::size_t segment_index_of(Offset offset) const;
  Result<std::vector<SegmentDescription>> flush_segments();
  std::size_t segment_place(const SegmentName& name) const;  // segments_.size(): none
  Offset segment_end(std::size_t index) const;
  bool is_dead_segment(std::size_t index) const;
  void retire(std::size_t index);
  void retire_dead_segments();
  void close_last();
  std::int64_t live_count(OffsetRange range) const;
  std::optional<RewriteOrder> rewrite_order(std::size_t index) const;
  SweepOrder sweep_order() const;
  void replace_segment(const SegmentName& source, const std::optional<SegmentDescription>& made);
  static PieceKey erased_piece_key(std::int64_t chunk);
  static bool needs_record(Recorded& recorded);  // which it then has once more

  const PartitionKey key_;
  PartitionEnvironment& environment_;
  Group& group_;
  PartitionSettings settings_;

  // Overlay.
  Offset next_offset_{0};
  LeaderEpoch epoch_{0};
  std::size_t frame_slot_ = 0;  // in the group's frame `slot_frame_`
  FrameIndex slot_frame_;
  std::deque<FrameIndex> unapplied_;  // frames with entries of ours that are not applied, oldest first
  std::deque<Waiter> waiters_;
  std::deque<Waiter> committed_waiters_;
  Offset reserved_{0};                 // as the last act said
  Offset reserved_for_sure_{0};        // as the last one said that is synced
  std::deque<Reservation> reserving_;  // acts that are not

  // Visible.
  PartitionState state_;
  Tail tail_{Offset(0)};
  runtime::MemoryAccount tail_memory_{runtime::MemoryKind::kTails};
  std::vector<std::unique_ptr<Segment>> segments_;
  std::map<Offset, std::int64_t> rewritten_live_;  // of segments that the cleaner wrote: the offsets that lived then
  // Erased sets cover fixed ranges of offsets, not segments: a segment may roll after what it will hold was erased.
  static constexpr std::int64_t kErasedChunkOffsets = std::int64_t{1} << 20;
  std::map<std::int64_t, HeldErased> erased_;  // by offset / kErasedChunkOffsets
  std::map<PieceKey, HeldPiece> pieces_;
  std::vector<HeldPiece*> followers_;  // of them, those that are told of the data: a thousand consumers cost a batch nothing
  bool born_ = false;
  bool dead_ = false;
  std::string fenced_;
  std::vector<PartitionObserver*> observers_;
  bool changed_ = false;  // since notify()

  // Checkpoints.
  FrameIndex applied_;
  std::optional<JournalPosition> dirty_from_;    // the first frame since the last checkpoint
  std::optional<JournalPosition> older_from_;    // ... and since the one before it
  std::optional<JournalPosition> pending_from_;  // dirty_from_ of the checkpoint that is under way
  std::vector<PieceKey> removed_pieces_;
  std::vector<Retired> retired_;
  bool has_new_files_ = false;  // since the last checkpoint, made by jobs

  // The cleaner's.
  bool segment_job_under_way_ = false;
  bool was_swept_ = false;
  std::map<Offset, std::int64_t> refused_live_;  // of segments that could not be rewritten: not again before half of that is dead, too
  bool segment_write_failed_ = false;
  bool replaying_ = false;
  std::set<PieceKey> gone_pieces_;  // so the manifest says: acts on them in frames that it covers are nobody's
};

}  // namespace firth::log
