#include "log/disk.h"

#include <fmt/core.h>

#include <atomic>
#include <set>
#include <utility>

#include "base/log.h"
#include "log/write_again.h"

namespace firth::log {
namespace {

// Below twice what the journal may hold, appends are refused: acts, checkpoints and the cleaner still find room.
std::uint64_t reserve_bytes(const DiskSettings& settings) { return 2 * (settings.replay_budget_bytes + 2 * settings.journal.file_bytes); }

// Applies what the journal holds beyond the manifest.
class Replay : public FrameSink {
 public:
  Replay(const std::vector<ShardLog*>& shards, const std::function<ShardLog&(GroupId)>& home) : shards_(shards), home_(home) {}

  void on_frame(Frame frame, const FramePlace& place) override {
    if (frame.id.group == kNoGroup) return;
    home_(frame.id.group).group(frame.id.group).replay(frame, place.previous_end);
    ++frames_;
  }
  void on_damage(const JournalDamage& damage) override {
    const std::string why = fmt::format("the journal is damaged from {} to {}", damage.begin.value(), damage.end.value());
    log_error("{}: {}", why, damage.directory_known ? "the partitions in the damaged frame are fenced" : "all partitions are fenced");
    for (ShardLog* shard : shards_) {
      if (!damage.directory_known) {
        for (const auto& [id, group] : shard->groups())
          for (const auto& [key, partition] : group->partitions()) partition->fence(why);
        continue;
      }
      for (const DirectoryEntry& entry : damage.partitions)
        if (Partition* partition = shard->find(entry.partition); partition != nullptr) partition->fence(why);
    }
  }
  std::uint64_t frames() const { return frames_; }

 private:
  const std::vector<ShardLog*>& shards_;
  const std::function<ShardLog&(GroupId)>& home_;
  std::uint64_t frames_ = 0;
};

Result<std::uint64_t> restore_partitions(const StoredPartitions& stored, const std::function<ShardLog&(GroupId)>& home) {
  for (const auto& [key, partition] : stored) {
    if (partition.state.empty()) continue;  // pieces of a partition whose own record was lost: the journal holds its birth
    Group& group = home(partition.group).group(partition.group);
    FIRTH_CHECK(group.restore(key).restore(partition));
    group.set_next_index(std::max(group.open_index(), partition.applied + 1));
  }
  return stored.size();
}

// What was read and is not on disk for sure: after a kill it may be in the page cache only.
Result<void> secure_tail(runtime::Files& files, const std::string& directory, const JournalScan& scan, const JournalSettings& settings) {
  for (const JournalPosition start : scan.files) {
    const JournalPosition from = std::max(scan.synced, start), to = std::min(scan.end, start + settings.file_bytes);
    if (from >= to) continue;
    FIRTH_TRY(const auto file, files.open(journal_file_path(directory, start), runtime::OpenMode::kReadWrite));
    FIRTH_CHECK(write_again(*file, from - start, to - start));
  }
  return {};
}

// Directories of partitions that nobody knows: power failed after the manifest forgot them and before their files were removed. Where
// something of manifest or journal is lost, who is known is not certain, and everything stays.
Result<std::vector<std::string>> stray_directories(runtime::Files& files, const std::string& below, const RecoveryReport& report,
                                                   const std::vector<ShardLog*>& shards) {
  std::vector<std::string> strays;
  if (!report.damages.empty() || report.bad_manifest_records > 0) return strays;
  std::set<std::string> known;
  for (const ShardLog* shard : shards) {
    for (const auto& [id, group] : shard->groups())
      for (const auto& [key, partition] : group->partitions()) known.insert(partition->directory());
  }
  FIRTH_TRY(const auto entries, files.list(below));
  for (const runtime::DirectoryEntry& entry : entries)
    if (std::string path = below + "/" + entry.name; entry.is_directory && !known.contains(path)) strays.push_back(std::move(path));
  return strays;
}

}  // namespace

Result<std::unique_ptr<Disk>> Disk::open(const DiskSettings& settings, Surroundings surroundings, PartitionEnvironment& environment,
                                         const std::vector<ShardLog*>& shards, const std::function<ShardLog&(GroupId)>& home,
                                         DiskStatus& status) {
  runtime::Files& files = surroundings.files;
  FIRTH_TRY(auto directory, open_data_directory(files, surroundings.random, settings.directory));
  auto disk = std::unique_ptr<Disk>(new Disk(std::move(directory)));
  environment.directory = disk->directory_.partitions();

  FIRTH_TRY(auto opened, Manifest::open(files, settings.directory));
  FIRTH_TRY(disk->report_.partition_count, restore_partitions(opened.partitions, home));
  const std::string journal_directory = disk->directory_.journal();
  Replay replay(shards, home);
  FIRTH_TRY(auto scan, scan_journal(files, journal_directory, settings.journal, opened.replay_from, replay));
  FIRTH_CHECK(secure_tail(files, journal_directory, scan, settings.journal));
  disk->report_.replayed_frames = replay.frames();
  disk->report_.torn_tail = scan.torn_tail;
  disk->report_.bad_manifest_records = opened.bad_records;
  disk->report_.damages = scan.damages;

  FIRTH_TRY(auto strays, stray_directories(files, environment.directory, disk->report_, shards));
  FIRTH_TRY(auto journal, Journal::begin(files, journal_directory, settings.journal, scan.generation + 1, scan.end, std::move(scan.files)));
  journal.release(std::min(opened.replay_from, journal.written()));
  disk->committer_ = std::make_unique<Committer>(std::move(journal), journal_directory, settings.journal,
                                                 Committer::Surroundings{files, surroundings.commit_thread, surroundings.workers});
  disk->checkpointer_ =
      std::make_unique<Checkpointer>(std::move(opened.manifest), environment.directory, reserve_bytes(settings),
                                     Checkpointer::Surroundings{files, surroundings.checkpoint_thread, *disk->committer_, status});
  disk->shards_ = shards;
  for (ShardLog* shard : shards) {
    shard->attach(*disk->committer_);
    shard->on_journal_full([checkpointer = disk->checkpointer_.get()] { checkpointer->request(); }, settings.replay_budget_bytes / 2);
    disk->checkpointer_->add_shard(*shard);
    disk->cleaners_.push_back(std::make_unique<Cleaner>(*shard, Cleaner::Surroundings{.files = files,
                                                                                      .workers = surroundings.workers,
                                                                                      .checkpointer = *disk->checkpointer_,
                                                                                      .journal = {journal_directory, settings.journal}}));
    disk->cleaners_.back()->start();
  }
  disk->checkpointer_->check_space();
  disk->checkpointer_->remove_directories(std::move(strays));
  return disk;
}

// First the shards give back what they reserved. Then three rounds: the first writes what changed, the second makes it the older of the two
// that are kept, the third says that no journal before it is needed.
void Disk::settle(std::function<void()> done) {
  const auto rounds = [this, done = std::move(done)] {
    checkpointer_->request([this, done] { checkpointer_->request([this, done] { checkpointer_->request(done); }); });
  };
  const auto left = std::make_shared<std::atomic<std::size_t>>(shards_.size());
  for (ShardLog* shard : shards_) {
    shard->loop().post([shard, left, rounds] {
      shard->give_back_reservations([left, rounds] {
        if (left->fetch_sub(1) == 1) rounds();
      });
    });
  }
}

}  // namespace firth::log
