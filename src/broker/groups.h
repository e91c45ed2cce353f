// The groups of a server, by where they live: a group belongs to one partition of its account's `__consumer_offsets`, and that partition's
// home shard coordinates it and keeps its offsets.
//
//   Groups         one a server: finds a group's shard, makes the topic when the first group comes
//   ShardGroups    one a shard: the coordinators and offsets of the groups whose partitions live here
//
// Which of the partitions a group belongs to is the face's question (Kafka hashes the group's name as Java does).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/broker.h"
#include "broker/group_coordinator.h"
#include "broker/group_offsets.h"

namespace firth::broker {

inline constexpr std::int32_t kOffsetsPartitions = 50;

struct GroupRef {
  std::string account{kDefaultAccount};
  std::string id;
  PartitionIndex partition;  // of kOffsetsTopic
};

struct OffsetToCommit {
  std::string topic;
  PartitionIndex partition;
  Offset offset;
  LeaderEpoch leader_epoch{-1};
  std::string metadata;
};

struct FetchedOffset {
  std::string topic;
  PartitionIndex partition;
  std::optional<CommittedOffset> committed;
};

struct ListedGroup {
  std::string id;
  std::string protocol_type;
  GroupState state;
};

class ShardGroups final : public TopicListener {
 public:
  // Knows the shard's groups from the start of the broker on. Outlives the shard's tasks.
  ShardGroups(ShardBroker& shard, const GroupSettings& settings);
  ~ShardGroups() override;

  ShardBroker& shard() { return shard_; }

  // --- On this shard. Answers of all of them are durable. ---

  runtime::Task<JoinAnswer> join(GroupRef group, JoinRequest request);
  runtime::Task<SyncAnswer> sync(GroupRef group, SyncRequest request);
  runtime::Task<GroupFault> heartbeat(GroupRef group, MemberRef member);
  // One fault for each member that leaves.
  runtime::Task<std::vector<GroupFault>> leave(GroupRef group, std::vector<GroupCoordinator::Leaving> members);

  // One fault for each offset.
  runtime::Task<std::vector<GroupFault>> commit(GroupRef group, MemberRef member, std::vector<OffsetToCommit> offsets);
  // What is asked for, or all that is there. Offsets of topics that are gone are none.
  runtime::Task<Result<std::vector<FetchedOffset>>> fetch(GroupRef group, std::optional<std::vector<GroupOffsets::TopicPartition>> wanted);

  // kNotFound; kUnavailable: it does not live here.
  runtime::Task<Result<GroupDescription>> describe(GroupRef group);
  runtime::Task<std::vector<ListedGroup>> list(std::string account);
  // Forgets the group and its offsets, if nobody is in it.
  runtime::Task<GroupFault> erase(GroupRef group);

  void on_topic(const TopicPointer& topic) override;
  void on_topic_gone(const Topic& topic) override;

 private:
  using Name = std::pair<std::string, std::string>;  // account, id
  // A group with its coordinator; stores what the coordinator asks for.
  struct Entry final : GroupStore {
    Entry(ShardGroups& groups, GroupRef which);
    std::uint64_t store(const GroupMetadata& metadata) override;
    void may_be_unused() override;

    ShardGroups& owner;
    const GroupRef ref;
    GroupCoordinator coordinator;
  };

  log::Partition* partition(const GroupRef& group) const;
  log::Partition* partition(const std::string& account, PartitionIndex index) const;
  Entry* find(const GroupRef& group);
  Entry& make(const GroupRef& group);
  void drop_if_unused(const Name& name);
  void load(const TopicPointer& topic, PartitionIndex index, log::Partition& partition);
  std::uint64_t store(const GroupRef& group, const GroupMetadata& metadata);
  void stored(const Name& name, std::uint64_t store_id, bool durable);
  // The partition, once all that was decided in it can be seen: what is forgotten then must not come back with a commit before it. Errors:
  // kNotFound; kUnavailable: it is never at rest; those of the journal.
  runtime::Task<Result<log::Partition*>> quiet_partition(std::string account, PartitionIndex index);
  void schedule_expiry();
  runtime::Task<> expire();
  runtime::Task<> expire_in(std::string account, PartitionIndex index);
  bool is_current(const std::string& account, const std::string& topic_name, const CommittedOffset& committed) const;
  void forget_offsets(const std::string& account, log::Partition& partition);

  ShardBroker& shard_;
  runtime::Loop& loop_;
  const GroupSettings& settings_;
  std::map<Name, std::unique_ptr<Entry>> groups_;
  std::set<PartitionKey> loaded_;
  std::uint64_t next_store_id_ = 1;
  bool expires_ = false;  // there is an offsets topic, and what is in it is looked at now and then
  runtime::TimerId expiry_timer_;
};

class Groups {
 public:
  // Before the broker starts, or with the loops stopped. Lives until the shards' tasks have ended.
  Groups(Broker& broker, GroupSettings settings);

  const GroupSettings& settings() const { return settings_; }
  std::size_t shard_count() const { return shards_.size(); }
  ShardGroups& shard(ShardIndex index) { return *shards_[index.value()]; }

  enum class IfAbsent : std::uint8_t { kMake, kLeave };
  // From any shard. The shard of the partition of the account's offsets topic; nullptr: there is no such topic, and it was to be left so.
  runtime::Task<Result<ShardGroups*>> home(ShardBroker& here, std::string account, PartitionIndex partition, IfAbsent if_absent);

 private:
  Broker& broker_;
  const GroupSettings settings_;
  std::vector<std::unique_ptr<ShardGroups>> shards_;
};

}  // namespace firth::broker
