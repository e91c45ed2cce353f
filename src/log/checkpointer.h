// Checkpoints: brings the segments and the manifest up to the journal, so that journal space is free again and recovery stays short.
// Triggered by the bytes that a crash would have to replay, not by time.
//
//   round   checkpoint thread asks every shard -> each shard, some partitions a turn: write the tail behind, encode what changed
//           -> checkpoint thread: sync the segments, write and sync the manifest -> shards: marked; committer: journal space is free
//
// Two checkpoints are kept: the journal is held from the older one on, so that a bad manifest record can be replayed around, and files that
// a checkpoint lets go of are removed with the next one.
//
// A sync of segments that fails is final: they are told that what was not durable is lost (Partition::fail_unsynced_segments), the journal
// is kept, and no checkpoint of their partitions is taken until the cleaner has repaired them.
// Threads: request, check_space and stop from any; the round's parts where the drawing says.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "log/committer.h"
#include "log/manifest.h"
#include "log/shard_log.h"
#include "runtime/executor.h"
#include "runtime/files.h"

namespace firth::log {

class Checkpointer {
 public:
  struct Surroundings {
    runtime::Files& files;
    runtime::Executor& thread;  // the manifest and the checkpoint's syncs belong to it
    Committer& committer;
    DiskStatus& status;
  };
  Checkpointer(Manifest manifest, std::string directory, std::uint64_t reserve_bytes, Surroundings surroundings);

  // Before the first request.
  void add_shard(ShardLog& shard) { shards_.push_back(&shard); }

  // Starts a round, unless one is under way or the disk has failed. `done` runs on the checkpoint thread when it has ended.
  void request(std::function<void()> done = {});
  // Compares free space with the reserve: below it appends are refused and acts go on.
  void check_space();
  // The same, soon, on the checkpoint thread: asking a stalled disk may take long.
  void request_space_check() {
    around_.thread.post([this] { check_space(); });
  }
  // Soon, on the checkpoint thread, with the files in them.
  void remove_directories(std::vector<std::string> paths);

 private:
  static constexpr std::size_t kPartitionsPerTurn = 32;

  struct Item {
    ShardLog* shard;
    GroupId group;
    PartitionKey partition;
    Partition::Checkpoint checkpoint;
  };
  struct ShardPart {
    std::vector<PartitionKey> wanted;
    std::size_t next = 0;
    std::vector<Item> items;
    JournalPosition held_from;
  };

  void begin_round();
  void collect(ShardLog& shard, std::shared_ptr<ShardPart> part);
  void take_part(const std::shared_ptr<ShardPart>& part);
  void finish_round();
  Result<void> sync_segments();
  Result<void> write();
  void remove_files(const Item& item);
  void remove_directory(const std::string& path);

  Manifest manifest_;
  std::string directory_;
  std::uint64_t reserve_bytes_;
  Surroundings around_;
  std::vector<ShardLog*> shards_;
  std::atomic<bool> requested_{false};

  // Of the round under way, on the checkpoint thread.
  std::size_t parts_missing_ = 0;
  std::vector<Item> items_;
  JournalPosition replay_from_;
  JournalPosition last_replay_from_;
  std::vector<std::function<void()>> waiting_;
};

}  // namespace firth::log
