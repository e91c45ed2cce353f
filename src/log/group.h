// A group of partitions: one replicated log on one shard. Gathers what its partitions append and decide in a turn into one frame, hands it
// to the replicator, and applies frames when they reach the mark of each partition's durability.
//
// Shard: the group's.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "log/frame.h"
#include "log/partition.h"
#include "log/replicator.h"

namespace firth::log {

class ShardLog;

class Group : public ReplicationListener {
 public:
  Group(GroupId id, ShardLog& shard_log);
  ~Group() override;

  GroupId id() const { return id_; }

  // A partition that is to be born: the birth act is added here, and the partition exists for others once it is released.
  Result<Partition*> create(const PartitionKey& key, const ConfigAct& config);
  Partition* find(const PartitionKey& key) const;  // dead or unborn ones too; nullptr if there is none
  const std::map<PartitionKey, std::unique_ptr<Partition>>& partitions() const { return partitions_; }

  // --- For partitions. ---
  Result<void> add(Partition& partition, EntryKind kind, SharedBytes body);
  FrameIndex open_index() const { return next_index_; }

  // --- For the shard log. ---
  // The frames that are ready for submission; they stay owned by the group until they are committed.
  bool has_open_frame() const { return !open_.frame.empty(); }
  std::size_t open_bytes() const { return open_bytes_; }
  void submit(Replicator& replicator);
  bool wants_sync() const { return open_wants_sync_; }
  // What was added last is to survive power loss soon, whatever the durability of its partition.
  void want_sync();
  bool is_committed(FrameIndex index) const;
  bool idle() const { return in_flight_.empty() && open_.frame.empty(); }
  void note_changed(Partition& partition);
  void request_cleaning(Partition& partition);
  // Lets go of a partition whose death is in the manifest.
  void remove_dead(const PartitionKey& key);

  // --- For recovery. ---
  Partition& restore(const PartitionKey& key);
  void replay(const Frame& frame, JournalPosition replay_from);
  void set_next_index(FrameIndex index) { next_index_ = index; }

  void on_written(FrameIndex index, JournalPosition replay_from) override;
  void on_committed(FrameIndex index) override;
  void on_failed(const Error& why) override;

 private:
  struct InFlight {
    Frame frame;
    std::vector<Partition*> partitions;  // of its slots
    std::vector<bool> applied;
    JournalPosition replay_from;
    bool written = false;
  };
  void apply(InFlight& in_flight, std::size_t slot);
  void apply_written(InFlight& in_flight, const Partition* only);
  void open_next();

  const GroupId id_;
  ShardLog& shard_log_;
  std::map<PartitionKey, std::unique_ptr<Partition>> partitions_;
  FrameIndex next_index_{1};
  InFlight open_;
  std::size_t open_bytes_ = 0;
  bool open_wants_sync_ = false;
  std::deque<std::unique_ptr<InFlight>> ready_;      // full frames of this turn, in order
  std::deque<std::unique_ptr<InFlight>> in_flight_;  // submitted, not committed
};

}  // namespace firth::log
