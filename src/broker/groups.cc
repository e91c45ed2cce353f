#include "broker/groups.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "broker/group_log.h"

namespace firth::broker {

ShardGroups::Entry::Entry(ShardGroups& groups, GroupRef which)
    : owner(groups),
      ref(std::move(which)),
      coordinator(
          {.loop = groups.shard_.shard().loop, .random = groups.shard_.broker().random(), .settings = groups.settings_, .store = *this}) {}

std::uint64_t ShardGroups::Entry::store(const GroupMetadata& metadata) { return owner.store(ref, metadata); }

void ShardGroups::Entry::may_be_unused() {
  owner.shard_.shard().loop.post([&groups = owner, name = Name(ref.account, ref.id)] { groups.drop_if_unused(name); });
}

ShardGroups::ShardGroups(ShardBroker& shard, const GroupSettings& settings)
    : shard_(shard), loop_(shard.shard().loop), settings_(settings) {
  shard_.add_listener(*this);
}
ShardGroups::~ShardGroups() { loop_.cancel(expiry_timer_); }

log::Partition* ShardGroups::partition(const std::string& account, PartitionIndex index) const {
  const TopicPointer topic = shard_.catalog().find(account, kOffsetsTopic);
  return topic == nullptr ? nullptr : shard_.local_partition(*topic, index);
}
log::Partition* ShardGroups::partition(const GroupRef& group) const { return partition(group.account, group.partition); }

ShardGroups::Entry* ShardGroups::find(const GroupRef& group) {
  const auto found = groups_.find({group.account, group.id});
  return found == groups_.end() ? nullptr : found->second.get();
}

ShardGroups::Entry& ShardGroups::make(const GroupRef& group) {
  std::unique_ptr<Entry>& entry = groups_[{group.account, group.id}];
  entry = std::make_unique<Entry>(*this, group);
  return *entry;
}

void ShardGroups::drop_if_unused(const Name& name) {
  const auto found = groups_.find(name);
  if (found != groups_.end() && found->second->coordinator.is_unused()) groups_.erase(found);
}

// What a restart, or a new topic, brings: the groups that were stored, their members' sessions anew. Offsets of topics that went while
// the server was down are forgotten here, before anyone can make a topic of the same name.
void ShardGroups::on_topic(const TopicPointer& topic) {
  if (topic->name != kOffsetsTopic) return;
  if (!std::exchange(expires_, true)) schedule_expiry();
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(topic->partitions.size()); ++i) {
    log::Partition* const partition = shard_.local_partition(*topic, PartitionIndex(i));
    if (partition != nullptr && loaded_.insert(partition->key()).second) load(topic, PartitionIndex(i), *partition);
  }
}

void ShardGroups::load(const TopicPointer& topic, PartitionIndex index, log::Partition& partition) {
  const GroupOffsets* const offsets = GroupOffsets::of(partition);
  if (offsets == nullptr) return;
  for (const auto& [id, group] : offsets->groups())
    if (group.metadata) make({.account = topic->account, .id = id, .partition = index}).coordinator.restore(*group.metadata);
  forget_offsets(topic->account, partition);
}

void ShardGroups::on_topic_gone(const Topic& topic) {
  if (topic.name == kOffsetsTopic) {
    std::erase_if(loaded_, [&](const PartitionKey& key) { return key.topic == topic.id; });
    for (auto at = groups_.begin(); at != groups_.end();) {
      if (at->first.first != topic.account) {
        ++at;
        continue;
      }
      at->second->coordinator.end(GroupFault::kNotCoordinator);
      at = groups_.erase(at);
    }
    return;
  }
  const TopicPointer offsets_topic = shard_.catalog().find(topic.account, kOffsetsTopic);
  if (offsets_topic == nullptr) return;
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(offsets_topic->partitions.size()); ++i)
    if (log::Partition* const partition = shard_.local_partition(*offsets_topic, PartitionIndex(i)))
      forget_offsets(topic.account, *partition);
}

// An offset belongs to the topic that it was committed for, not to another of the same name.
bool ShardGroups::is_current(const std::string& account, const std::string& topic_name, const CommittedOffset& committed) const {
  const TopicPointer topic = shard_.catalog().find(account, topic_name);
  return topic != nullptr && topic->id == committed.topic;
}

// Those whose topic is gone. Nobody waits for it: is_current hides them as well.
void ShardGroups::forget_offsets(const std::string& account, log::Partition& partition) {
  const GroupOffsets* const offsets = GroupOffsets::of(partition);
  if (offsets == nullptr) return;
  GroupRecords records(shard_.shard().loop.wall_now());
  for (const auto& [id, group] : offsets->groups())
    for (const auto& [at, committed] : group.offsets)
      if (!is_current(account, at.first, committed)) records.forget(OffsetKey{.group = id, .topic = at.first, .partition = at.second});
  if (const auto written = records.append_to(partition); !written.ok())
    log_warning("offsets of topics that are gone stay in {}: {}", partition.directory(), written.error().text);
}

std::uint64_t ShardGroups::store(const GroupRef& group, const GroupMetadata& metadata) {
  const std::uint64_t id = next_store_id_++;
  const Name name(group.account, group.id);
  const auto later = [this, name, id](bool durable) { shard_.shard().loop.post([this, name, id, durable] { stored(name, id, durable); }); };
  log::Partition* const partition = this->partition(group);
  GroupRecords records(shard_.shard().loop.wall_now());
  records.put(GroupKey{group.id}, metadata);
  if (partition == nullptr || !records.append_to(*partition).ok()) later(false);
  else partition->when_released([later](const Result<void>& released) { later(released.ok()); });
  return id;
}

void ShardGroups::stored(const Name& name, std::uint64_t store_id, bool durable) {
  if (const auto found = groups_.find(name); found != groups_.end()) found->second->coordinator.stored(store_id, durable);
}

Groups::Groups(Broker& broker, GroupSettings settings) : broker_(broker), settings_(settings) {
  for (std::uint32_t i = 0; i < broker.shard_count(); ++i)
    shards_.push_back(std::make_unique<ShardGroups>(broker.shard(ShardIndex(i)), settings_));
}

runtime::Task<Result<ShardGroups*>> Groups::home(ShardBroker& here, std::string account, PartitionIndex partition, IfAbsent if_absent) {
  TopicPointer topic = here.catalog().find(account, kOffsetsTopic);
  if (topic == nullptr) {
    if (if_absent == IfAbsent::kLeave) co_return static_cast<ShardGroups*>(nullptr);
    TopicConfig config = kafka_defaults();
    config.cleanup_policy = {.remove = false, .compact = true};
    config.segment_bytes = std::int64_t{100} << 20;
    Broker::CreateTopic wanted{
        .account = account, .name = std::string(kOffsetsTopic), .partition_count = kOffsetsPartitions, .config = std::move(config)};
    const Result<TopicPointer> made = co_await broker_.create_topic(here, std::move(wanted));
    if (!made.ok() && made.error().code != Errc::kExists) co_return made.error();
    topic = here.catalog().find(account, kOffsetsTopic);
    // Another shard's request made it a moment ago, and this one has not heard of it yet.
    if (topic == nullptr) co_return Error{Errc::kUnavailable, "the topic of the groups' offsets is being made"};
  }
  const auto at = static_cast<std::size_t>(partition.value());
  if (at >= topic->partitions.size()) co_return Error{Errc::kNotFound, "the topic of the groups' offsets has no such partition"};
  co_return shards_[broker_.home(topic->partitions[at]).shard().index.value()].get();
}

}  // namespace firth::broker
