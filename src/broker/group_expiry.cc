// Which offsets have expired, and the task that looks for them: now and then, on each shard, partition after partition.
#include "broker/group_expiry.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "broker/group_log.h"
#include "broker/groups.h"

namespace firth::broker {

ExpiredGroup find_expired(const GroupOffsets::Group& group, std::chrono::milliseconds retention, std::int64_t now_ms) {
  // Kafka counts from when the group became empty even for an offset that was committed later, by an administrator who resets it. That
  // offset would be gone within minutes; it is kept here.
  const std::int64_t empty_since_ms = group.metadata ? group.metadata->state_time_ms : -1;
  ExpiredGroup expired;
  for (const auto& [at, committed] : group.offsets)
    if (now_ms - std::max(committed.commit_time_ms, empty_since_ms) >= retention.count()) expired.offsets.push_back(at);
  expired.is_over = expired.offsets.size() == group.offsets.size();
  return expired;
}

void ShardGroups::schedule_expiry() {
  expiry_timer_ = loop_.schedule(loop_.now() + settings_.offsets_check_interval, [this] {
    if (!shard_.shard().tasks.closed()) shard_.shard().tasks.spawn(expire());
  });
}

runtime::Task<> ShardGroups::expire() {
  std::vector<std::pair<std::string, PartitionIndex>> partitions;
  for (const auto& [name, topic] : shard_.catalog().by_name()) {
    if (topic->name != kOffsetsTopic) continue;
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(topic->partitions.size()); ++i)
      if (shard_.local_partition(*topic, PartitionIndex(i)) != nullptr) partitions.emplace_back(topic->account, PartitionIndex(i));
  }
  for (auto& [account, index] : partitions) co_await expire_in(std::move(account), index);
  if (!shard_.shard().tasks.closed()) schedule_expiry();
}

runtime::Task<> ShardGroups::expire_in(std::string account, PartitionIndex index) {
  const Result<log::Partition*> quiet = co_await quiet_partition(account, index);
  if (!quiet.ok()) co_return;  // deleted, or too busy for now
  const GroupOffsets* const offsets = GroupOffsets::of(**quiet);
  if (offsets == nullptr) co_return;
  GroupRecords records(shard_.shard().loop.wall_now());
  std::vector<std::string> over;
  for (const auto& [id, group] : offsets->groups()) {
    const auto entry = groups_.find({account, id});
    if (entry != groups_.end() && entry->second->coordinator.state() != GroupState::kEmpty) continue;
    const ExpiredGroup expired = find_expired(group, settings_.offsets_retention, records.now_ms());
    for (const auto& [topic, partition] : expired.offsets) records.forget(OffsetKey{.group = id, .topic = topic, .partition = partition});
    if (!expired.is_over) continue;
    if (group.metadata) records.forget(GroupKey{id});
    over.push_back(id);
  }
  if (const Result<void> written = records.append_to(**quiet); !written.ok()) {
    log_warning("expired offsets stay in {}: {}", (*quiet)->directory(), written.error().text);
    co_return;
  }
  for (const std::string& id : over) groups_.erase({account, id});
}

}  // namespace firth::broker
