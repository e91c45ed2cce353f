// What one partition of `__consumer_offsets` says now: the newest committed offset of each (group, topic, partition), and each group's
// metadata. A piece that follows the data: it reads every released batch, so that leader, recovery and readers see the same. A checkpoint
// holds the live records themselves.
//
// A piece exists from its first act on: `begin` is written in front of the partition's first batch.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "broker/group_records.h"
#include "log/partition.h"

namespace firth::broker {

class GroupOffsets final : public log::Piece {
 public:
  using TopicPartition = std::pair<std::string, PartitionIndex>;
  struct Group {
    std::optional<GroupMetadata> metadata;
    std::map<TopicPartition, CommittedOffset> offsets;
  };

  // The partition's, nullptr before anything was released in it; and the act that makes it.
  static const GroupOffsets* of(const log::Partition& partition);
  static Result<void> begin(log::Partition& partition);

  // nullptr: nothing was committed and no generation was stored.
  const Group* find(std::string_view group) const;
  const CommittedOffset* find(std::string_view group, const TopicPartition& key) const;
  const std::map<std::string, Group, std::less<>>& groups() const { return groups_; }

  void apply(ByteView) override {}
  bool follows_data() const override { return true; }
  void on_batch(const log::BatchView& batch, const SharedBytes& bytes) override;
  SharedBytes encode() const override;
  Result<void> restore(ByteView bytes) override;

 private:
  void apply_record(ByteView key, std::optional<ByteView> value);

  std::map<std::string, Group, std::less<>> groups_;
};

}  // namespace firth::broker
