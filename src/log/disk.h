// The log of one disk: its directory, journal, manifest, committer and checkpoints. Opening it is recovery: the manifest, then the journal
// after it, a frame applied only to what is behind it; then a new generation of the journal.
//
//   open --> partitions stand in the groups of the shard logs, as they were released --> start: shards may append
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "log/checkpointer.h"
#include "log/cleaner.h"
#include "log/committer.h"
#include "log/data_directory.h"
#include "log/journal_scan.h"
#include "log/shard_log.h"
#include "runtime/random.h"
#include "runtime/worker_pool.h"

namespace firth::log {

struct DiskSettings {
  std::string directory;
  JournalSettings journal;
  std::uint64_t replay_budget_bytes = 32 * 1024 * 1024;  // a crash replays about that much at most; this triggers checkpoints
};

struct RecoveryReport {
  std::uint64_t replayed_frames = 0;
  std::uint64_t partition_count = 0;
  bool torn_tail = false;
  std::uint32_t bad_manifest_records = 0;
  std::vector<JournalDamage> damages;
};

class Disk {
 public:
  struct Surroundings {
    runtime::Files& files;
    runtime::Random& random;
    runtime::Executor& commit_thread;
    runtime::Executor& checkpoint_thread;
    runtime::WorkerPool& workers;
  };

  // Before the shards' loops run. `home` says which shard log takes a group. The environment's directory is set here. Errors: those of
  // open_data_directory, Manifest::open, scan_journal; one sentence each.
  static Result<std::unique_ptr<Disk>> open(const DiskSettings& settings, Surroundings surroundings, PartitionEnvironment& environment,
                                            const std::vector<ShardLog*>& shards, const std::function<ShardLog&(GroupId)>& home,
                                            DiskStatus& status);

  const RecoveryReport& recovery() const { return report_; }
  const DataDirectory& directory() const { return directory_; }
  Committer& committer() { return *committer_; }
  Checkpointer& checkpointer() { return *checkpointer_; }

  // A clean stop: checkpoints until no journal is held, so that the next start replays nothing. `done` runs on the checkpoint thread.
  void settle(std::function<void()> done);

 private:
  explicit Disk(DataDirectory directory) : directory_(std::move(directory)) {}

  DataDirectory directory_;
  std::vector<ShardLog*> shards_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Checkpointer> checkpointer_;
  std::vector<std::unique_ptr<Cleaner>> cleaners_;  // by shard
  RecoveryReport report_;
};

}  // namespace firth::log
