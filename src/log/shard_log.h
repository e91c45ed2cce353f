// The log's part of one shard: its groups, and the turn's end, where their frames go to the commit.
//
// Gathering (decision 0001): a shard holds its frames while its loop still finds work, at most kGatherTime or kGatherBytes, so that one
// sync covers more. It never waits for a time to pass.
//
// Shard: its own; open and recovery run before the loop starts.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "log/committer.h"
#include "log/group.h"
#include "runtime/loop.h"

namespace firth::log {

// What all shards share of one disk; readable from any thread.
struct DiskStatus {
  std::atomic<bool> below_reserve{false};  // appends are refused, acts go on
  std::atomic<bool> failed{false};         // the journal failed: nothing can be written until restart
};

class ShardLog : public runtime::TurnEndHook, private CommitClient, private Replicator {
 public:
  static constexpr std::chrono::microseconds kGatherTime{200};
  static constexpr std::size_t kGatherBytes = 256 * 1024;

  ShardLog(runtime::Loop& loop, PartitionEnvironment& environment, DiskStatus& status);
  ~ShardLog() override;

  // After recovery, before the loop starts.
  void attach(Committer& committer);

  Group& group(GroupId id);  // made if it is not there
  const std::map<GroupId, std::unique_ptr<Group>>& groups() const { return groups_; }
  Partition* find(const PartitionKey& key) const;

  runtime::Loop& loop() { return loop_; }
  PartitionEnvironment& environment() { return environment_; }
  const DiskStatus& status() const { return status_; }

  // A group has something to submit.
  void request_submit() { loop_.request_turn_end(runtime::TurnStage::kCommit); }
  // A partition was changed by a released frame: its observers are told once all frames at hand are applied.
  void note_changed(Partition& partition) { changed_.push_back(&partition); }

  // A partition has a segment that is to be worked at now; in recovery nobody listens yet, and the first pass finds it.
  void request_cleaning(Partition& partition) {
    if (cleaning_wanted_) cleaning_wanted_(partition.key());
  }
  void on_cleaning_wanted(std::function<void(const PartitionKey&)> wanted) { cleaning_wanted_ = std::move(wanted); }

  void on_turn_end() override;
  // Before a clean stop; `done` runs when it is released, or cannot be.
  void give_back_reservations(std::function<void()> done);

  // The oldest journal position that this shard still needs: for its partitions' checkpoints, or for frames that are not applied yet. A
  // shard that needs none answers `synced`, where the journal stood when the question was asked: whatever it submits comes after.
  JournalPosition held_from(JournalPosition synced) const;
  // Of what was handed to the commit and is not committed: bounded, for a disk that stalls.
  static constexpr std::size_t kMostUnreleasedBytes = 64 * 1024 * 1024;
  std::size_t unreleased_bytes() const { return unreleased_bytes_; }
  bool is_idle() const;  // nothing decided that is not released

  // Called when so much of the journal is held that recovery would take too long: a checkpoint is wanted.
  void on_journal_full(std::function<void()> wanted, std::uint64_t held_bytes) {
    checkpoint_wanted_ = std::move(wanted);
    checkpoint_above_ = held_bytes;
  }

 private:
  struct Submitted {
    FrameIndex index;
    ReplicationListener* listener;
    JournalPosition replay_from;  // once it is written
    std::size_t bytes = 0;
  };
  void submit(const Frame& frame, ReplicationListener& listener) override;
  void on_written(const std::vector<JournalPosition>& replay_from) override;
  void on_committed() override;
  void on_failed(const Error& why) override;
  bool gather_on();
  void notify_changed();
  void arm_settle_timer();

  runtime::Loop& loop_;
  PartitionEnvironment& environment_;
  DiskStatus& status_;
  Committer* committer_ = nullptr;
  std::size_t client_ = 0;
  std::map<GroupId, std::unique_ptr<Group>> groups_;
  std::vector<const Frame*> gathered_;  // for the commit of this turn
  std::deque<Submitted> submitted_;     // not written yet
  std::deque<Submitted> written_;       // not committed yet
  std::size_t unreleased_bytes_ = 0;    // of both
  std::vector<Partition*> changed_;
  std::optional<runtime::MonotonicTime> gathering_since_;
  bool settle_armed_ = false;
  JournalPosition last_replay_from_;  // of the last frame that was written
  std::function<void()> checkpoint_wanted_;
  std::function<void(const PartitionKey&)> cleaning_wanted_;
  std::uint64_t checkpoint_above_ = 0;
};

}  // namespace firth::log
