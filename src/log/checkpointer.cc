#include "log/checkpointer.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/mark.h"

namespace firth::log {

Checkpointer::Checkpointer(Manifest manifest, std::string directory, std::uint64_t reserve_bytes, Surroundings surroundings)
    : manifest_(std::move(manifest)), directory_(std::move(directory)), reserve_bytes_(reserve_bytes), around_(surroundings) {}

void Checkpointer::request(std::function<void()> done) {
  if (!done && requested_.exchange(true)) return;
  around_.thread.post([this, done = std::move(done)]() mutable {
    if (done) waiting_.push_back(std::move(done));
    if (parts_missing_ == 0) begin_round();
  });
}

void Checkpointer::begin_round() {
  parts_missing_ = shards_.size();
  items_.clear();
  const JournalPosition synced = around_.committer.synced();
  replay_from_ = synced;
  for (ShardLog* shard : shards_) {
    shard->loop().post([this, shard, synced] {
      auto part = std::make_shared<ShardPart>();
      part->held_from = shard->held_from(synced);
      for (const auto& [id, group] : shard->groups())
        for (const auto& [key, partition] : group->partitions())
          if (partition->wants_checkpoint()) part->wanted.push_back(key);
      collect(*shard, std::move(part));
    });
  }
}

// On the shard: a bounded number of partitions a turn.
void Checkpointer::collect(ShardLog& shard, std::shared_ptr<ShardPart> part) {
  const std::size_t end = std::min(part->next + kPartitionsPerTurn, part->wanted.size());
  for (; part->next < end; ++part->next) {
    Partition* partition = shard.find(part->wanted[part->next]);
    if (partition == nullptr || !partition->wants_checkpoint()) continue;
    auto checkpoint = partition->begin_checkpoint();
    if (checkpoint.ok()) part->items.push_back({&shard, partition->group().id(), partition->key(), *std::move(checkpoint)});
    else log_warning("{}: no checkpoint: {}", partition->directory(), checkpoint.error().text);
  }
  if (part->next < part->wanted.size()) {
    shard.loop().post([this, &shard, part = std::move(part)]() mutable { collect(shard, std::move(part)); });
  } else {
    around_.thread.post([this, part = std::move(part)] { take_part(part); });
  }
}

void Checkpointer::take_part(const std::shared_ptr<ShardPart>& part) {
  std::move(part->items.begin(), part->items.end(), std::back_inserter(items_));
  replay_from_ = std::min(replay_from_, part->held_from);
  if (--parts_missing_ == 0) finish_round();
}

void Checkpointer::finish_round() {
  Result<void> written;
  if (!items_.empty() || replay_from_ != last_replay_from_) {
    written = sync_segments();
    if (written.ok()) written = write();
  }
  if (written.ok()) {
    last_replay_from_ = replay_from_;
    around_.committer.release(replay_from_);
    for (const Item& item : items_) remove_files(item);
  } else {
    log_error("{}: a checkpoint failed, the journal is kept: {}", directory_, written.error().text);
  }
  for (Item& item : items_) {
    ShardLog& shard = *item.shard;
    shard.loop().post([&shard, item = std::make_shared<Item>(std::move(item)), committed = written.ok()] {
      Group& group = shard.group(item->group);
      Partition* partition = group.find(item->partition);
      if (partition == nullptr) return;
      partition->end_checkpoint(item->checkpoint, committed);
      if (committed && item->checkpoint.dead) group.remove_dead(item->partition);
    });
  }
  items_.clear();
  requested_.store(false);
  check_space();
  for (const std::function<void()>& done : std::exchange(waiting_, {})) done();
}

// One syncfs for all segments, their sidecars and names (decision 0001); the manifest must not name what is not there. Which of them a
// failure hurt is not known, and asking again would lie: all that is not durable counts as lost.
Result<void> Checkpointer::sync_segments() {
  const bool has_files =
      std::ranges::any_of(items_, [](const Item& item) { return !item.checkpoint.flushed.empty() || item.checkpoint.has_new_files; });
  if (!has_files) return {};
  auto synced = around_.files.sync_filesystem(directory_);
  if (synced.ok()) return synced;
  FIRTH_MARK("log.checkpoint.sync_failed");
  for (ShardLog* shard : shards_) {
    shard->loop().post([shard] {
      for (const auto& [id, group] : shard->groups())
        for (const auto& [key, partition] : group->partitions()) partition->fail_unsynced_segments();
    });
  }
  return synced;
}

Result<void> Checkpointer::write() {
  ManifestBatch batch;
  for (const Item& item : items_) {
    const Partition::Checkpoint& checkpoint = item.checkpoint;
    if (checkpoint.dead) {
      batch.remove_partition(item.partition);
      continue;
    }
    for (const auto& [key, bytes] : checkpoint.pieces) batch.put_piece(item.partition, key, checkpoint.applied, bytes.view());
    for (const PieceKey& key : checkpoint.removed_pieces) batch.remove_piece(item.partition, key);
    batch.put_partition(item.partition, item.group, checkpoint.applied, checkpoint.state.view());
  }
  batch.set_replay_from(replay_from_);
  return manifest_.commit(batch);
}

// The manifest has forgotten them: what cannot be removed now is only space.
void Checkpointer::remove_files(const Item& item) {
  const std::string path = partition_directory(directory_, item.partition);
  for (const SegmentName& name : item.checkpoint.removable) {
    if (auto removed = remove_segment_files(around_.files, path, name); !removed.ok()) log_warning("{}", removed.error().text);
  }
  if (item.checkpoint.dead) remove_directory(path);
}

void Checkpointer::remove_directories(std::vector<std::string> paths) {
  if (paths.empty()) return;
  around_.thread.post([this, paths = std::move(paths)] {
    for (const std::string& path : paths) {
      log_info("{}: left by a partition that was deleted: removed", path);
      remove_directory(path);
    }
  });
}

void Checkpointer::remove_directory(const std::string& path) {
  auto entries = around_.files.list(path);
  if (!entries.ok()) return;  // a partition without a segment has no directory
  for (const runtime::DirectoryEntry& entry : *entries) {
    if (auto removed = around_.files.remove(path + "/" + entry.name); !removed.ok()) log_warning("{}", removed.error().text);
  }
  if (auto removed = around_.files.remove(path); !removed.ok()) log_warning("{}", removed.error().text);
}

void Checkpointer::check_space() {
  const auto free = around_.files.free_bytes(directory_);
  if (!free.ok()) return log_warning("{}", free.error().text);
  const bool below = *free < reserve_bytes_;
  if (around_.status.below_reserve.exchange(below) == below) return;
  if (below)
    log_error("{}: {} bytes free, below the reserve of {}: appends are refused until something is deleted", directory_, *free,
              reserve_bytes_);
  else log_info("{}: {} bytes free again: appends go on", directory_, *free);
}

}  // namespace firth::log
