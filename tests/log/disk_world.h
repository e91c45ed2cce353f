// A whole log on simulated disk, clock and threads: shards with their loops, commit and checkpoint threads, workers. It can be killed or
// lose power at any step, and is opened again on what is left.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "log/disk.h"
#include "tests/sim/world.h"

namespace firth::log::test {

using namespace std::chrono_literals;

// A config is text: "os" or "sync"; with "keep" much of the tail is kept.
inline PartitionSettings settings_of(ByteView config) {
  PartitionSettings settings;
  const std::string_view text = as_text(config);
  settings.durability = text.starts_with("os") ? Durability::kOs : Durability::kSync;
  settings.segments.segment_bytes = 4000;
  settings.write_behind_bytes = 1000;
  settings.tail_keep_bytes = text.ends_with("keep") ? 1 << 20 : 2000;
  settings.reserved_offsets = 8;
  settings.dead_roll_bytes = 2000;
  return settings;
}

// A piece that remembers every act, in order.
class JournalingPiece : public Piece {
 public:
  void apply(ByteView act) override { text_ += std::string(as_text(act)) + ","; }
  SharedBytes encode() const override { return SharedBytes::copy(as_bytes(text_)); }
  Result<void> restore(ByteView bytes) override {
    text_ = as_text(bytes);
    return {};
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

inline PartitionKey partition_key(int n) {
  PartitionKey key;
  store_le(key.topic.bytes.data(), n + 1);
  return key;
}

// One record batch that holds `count` offsets and this text; its records are not looked at by the log.
SharedBytes make_batch(std::string_view text, std::int32_t count = 1);

class DiskWorld {
 public:
  DiskWorld(std::uint64_t seed, std::size_t shard_count, std::uint64_t replay_budget_bytes,
            std::size_t memory_budget_bytes = std::size_t{1} << 30)
      : memory(memory_budget_bytes), world(seed), shard_count_(shard_count), replay_budget_bytes_(replay_budget_bytes) {}

  // Opens the disk with new executors; false, with `error` set, if recovery refuses.
  bool open();
  void kill() {
    close();
    world.kill();
  }
  void lose_power() {
    close();
    world.lose_power();
  }

  // Partition n lives in group n % 3 + 1.
  static GroupId group_of(int n) { return GroupId(static_cast<std::uint32_t>(n % 3 + 1)); }
  ShardLog& home(GroupId group) { return *shards_[group.value() % shards_.size()]; }
  // Whether all that was decided is released and synced.
  bool is_idle() const {
    return std::all_of(shards_.begin(), shards_.end(), [](const auto& shard) { return shard->is_idle(); });
  }
  ShardLog& home(int n) { return home(group_of(n)); }
  Partition* partition(int n) {
    Partition* found = home(n).group(group_of(n)).find(partition_key(n));
    return found != nullptr && found->is_born() && !found->is_dead() ? found : nullptr;
  }

  runtime::MemoryGovernor memory;
  sim::World world;
  std::unique_ptr<Disk> disk;
  DiskStatus status;
  std::string error;

 private:
  void close() {
    disk.reset();
    shards_.clear();
  }

  std::size_t shard_count_;
  std::uint64_t replay_budget_bytes_;
  std::unique_ptr<PartitionEnvironment> environment_;
  std::vector<std::unique_ptr<ShardLog>> shards_;
};

}  // namespace firth::log::test
