// What is asked of a shard's groups: each request finds its group anew, as the world may have changed since it was sent here.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "broker/group_log.h"
#include "broker/groups.h"
#include "runtime/cancellation.h"
#include "runtime/completion.h"

namespace firth::broker {
namespace {

GroupFault fault_of(const Error& error) {
  switch (error.code) {
    case Errc::kLimit:
      return GroupFault::kCommitTooLarge;
    case Errc::kNotFound:
      return GroupFault::kNotCoordinator;
    default:
      return GroupFault::kNotAvailable;
  }
}

}  // namespace

runtime::Task<JoinAnswer> ShardGroups::join(GroupRef group, JoinRequest request) {
  Entry* entry = find(group);
  if (entry == nullptr) {
    if (partition(group) == nullptr) co_return JoinAnswer{.fault = GroupFault::kNotCoordinator, .member_id = request.member_id};
    if (!request.member_id.empty()) co_return JoinAnswer{.fault = GroupFault::kUnknownMember, .member_id = request.member_id};
    entry = &make(group);
  }
  runtime::Completion<JoinAnswer> done;
  runtime::Cancellation::Callback stop(shard_.shard().tasks.cancellation(), [&done] { done.cancel(); });
  entry->coordinator.join(std::move(request), [fulfil = done.fulfiller()](JoinAnswer answer) mutable { fulfil(std::move(answer)); });
  drop_if_unused({group.account, group.id});
  Result<JoinAnswer> answer = co_await done;
  co_return answer.ok() ? *std::move(answer) : JoinAnswer{.fault = GroupFault::kNotCoordinator};
}

runtime::Task<SyncAnswer> ShardGroups::sync(GroupRef group, SyncRequest request) {
  Entry* const entry = find(group);
  if (entry == nullptr)
    co_return SyncAnswer{.fault = partition(group) == nullptr ? GroupFault::kNotCoordinator : GroupFault::kUnknownMember};
  runtime::Completion<SyncAnswer> done;
  runtime::Cancellation::Callback stop(shard_.shard().tasks.cancellation(), [&done] { done.cancel(); });
  entry->coordinator.sync(std::move(request), [fulfil = done.fulfiller()](SyncAnswer answer) mutable { fulfil(std::move(answer)); });
  Result<SyncAnswer> answer = co_await done;
  co_return answer.ok() ? *std::move(answer) : SyncAnswer{.fault = GroupFault::kNotCoordinator};
}

runtime::Task<GroupFault> ShardGroups::heartbeat(GroupRef group, MemberRef member) {
  if (Entry* const entry = find(group)) co_return entry->coordinator.heartbeat(member);
  co_return partition(group) == nullptr ? GroupFault::kNotCoordinator : GroupFault::kUnknownMember;
}

runtime::Task<std::vector<GroupFault>> ShardGroups::leave(GroupRef group, std::vector<GroupCoordinator::Leaving> members) {
  if (Entry* const entry = find(group)) co_return entry->coordinator.leave(members);
  const GroupFault fault = partition(group) == nullptr ? GroupFault::kNotCoordinator : GroupFault::kUnknownMember;
  co_return std::vector<GroupFault>(members.size(), fault);
}

runtime::Task<std::vector<GroupFault>> ShardGroups::commit(GroupRef group, MemberRef member, std::vector<OffsetToCommit> offsets) {
  const auto all = [&](GroupFault fault) { return std::vector<GroupFault>(offsets.size(), fault); };
  log::Partition* const partition = this->partition(group);
  if (partition == nullptr) co_return all(GroupFault::kNotCoordinator);
  // Without a coordinator the group is one that never had members.
  Entry* const entry = find(group);
  GroupFault fault = GroupFault::kNone;
  if (entry != nullptr) fault = entry->coordinator.check_commit(member);
  else if (member.generation >= 0) fault = GroupFault::kIllegalGeneration;
  if (fault != GroupFault::kNone) co_return all(fault);

  GroupRecords records(shard_.shard().loop.wall_now());
  std::vector<GroupFault> faults;
  for (OffsetToCommit& wanted : offsets) {
    const TopicPointer topic = shard_.catalog().find(group.account, wanted.topic);
    const auto in_topic = [&] {
      return wanted.partition.value() >= 0 && static_cast<std::size_t>(wanted.partition.value()) < topic->partitions.size();
    };
    if (topic == nullptr || !in_topic()) {
      faults.push_back(GroupFault::kUnknownPartition);
    } else if (wanted.metadata.size() > settings_.max_offset_metadata_bytes) {
      faults.push_back(GroupFault::kMetadataTooLarge);
    } else {
      faults.push_back(GroupFault::kNone);
      records.put(OffsetKey{.group = group.id, .topic = wanted.topic, .partition = wanted.partition},
                  CommittedOffset{.offset = wanted.offset,
                                  .leader_epoch = wanted.leader_epoch,
                                  .metadata = std::move(wanted.metadata),
                                  .commit_time_ms = records.now_ms(),
                                  .topic = topic->id});
    }
  }
  if (records.empty()) co_return faults;
  Result<void> written = records.append_to(*partition);
  if (written.ok()) written = co_await released(*partition);
  if (!written.ok()) std::ranges::replace(faults, GroupFault::kNone, fault_of(written.error()));
  co_return faults;
}

runtime::Task<Result<std::vector<FetchedOffset>>> ShardGroups::fetch(GroupRef group,
                                                                     std::optional<std::vector<GroupOffsets::TopicPartition>> wanted) {
  const log::Partition* const partition = this->partition(group);
  if (partition == nullptr) co_return Error{Errc::kUnavailable, fmt::format("group {} does not live here", group.id)};
  const GroupOffsets* const offsets = GroupOffsets::of(*partition);
  std::vector<FetchedOffset> fetched;
  if (wanted) {
    for (auto& [topic, index] : *wanted) {
      const CommittedOffset* const found = offsets == nullptr ? nullptr : offsets->find(group.id, {topic, index});
      const bool is_there = found != nullptr && is_current(group.account, topic, *found);
      fetched.push_back({.topic = std::move(topic), .partition = index, .committed = is_there ? std::optional(*found) : std::nullopt});
    }
    co_return fetched;
  }
  const GroupOffsets::Group* const all = offsets == nullptr ? nullptr : offsets->find(group.id);
  if (all == nullptr) co_return fetched;
  for (const auto& [at, committed] : all->offsets)
    if (is_current(group.account, at.first, committed))
      fetched.push_back({.topic = at.first, .partition = at.second, .committed = committed});
  co_return fetched;
}

runtime::Task<Result<GroupDescription>> ShardGroups::describe(GroupRef group) {
  const log::Partition* const partition = this->partition(group);
  if (partition == nullptr) co_return Error{Errc::kUnavailable, fmt::format("group {} does not live here", group.id)};
  if (const Entry* const entry = find(group)) co_return entry->coordinator.describe();
  const GroupOffsets* const offsets = GroupOffsets::of(*partition);
  if (offsets == nullptr || offsets->find(group.id) == nullptr)
    co_return Error{Errc::kNotFound, fmt::format("group {} does not exist", group.id)};
  co_return GroupDescription{.state = GroupState::kEmpty, .protocol_type = {}, .protocol = {}, .members = {}};
}

runtime::Task<std::vector<ListedGroup>> ShardGroups::list(std::string account) {
  std::vector<ListedGroup> listed;
  for (auto at = groups_.lower_bound({account, ""}); at != groups_.end() && at->first.first == account; ++at) {
    const GroupCoordinator& coordinator = at->second->coordinator;
    listed.push_back({.id = at->first.second, .protocol_type = coordinator.protocol_type(), .state = coordinator.state()});
  }
  // Those that only committed offsets.
  for (std::int32_t i = 0; i < kOffsetsPartitions; ++i) {
    const log::Partition* const partition = this->partition(account, PartitionIndex(i));
    const GroupOffsets* const offsets = partition == nullptr ? nullptr : GroupOffsets::of(*partition);
    if (offsets == nullptr) continue;
    for (const auto& [id, group] : offsets->groups())
      if (!groups_.contains({account, id})) listed.push_back({.id = id, .protocol_type = {}, .state = GroupState::kEmpty});
  }
  co_return listed;
}

runtime::Task<Result<log::Partition*>> ShardGroups::quiet_partition(std::string account, PartitionIndex index) {
  constexpr int kMostRounds = 100;
  for (int round = 0; round < kMostRounds; ++round) {
    log::Partition* const there = partition(account, index);
    if (there == nullptr) co_return Error{Errc::kNotFound, "the partition of the groups' offsets is not here"};
    FIRTH_CO_CHECK(co_await released(*there));
    if (partition(account, index) == there && there->next_offset() == there->high_watermark()) co_return there;
  }
  co_return Error{Errc::kUnavailable, "the partition of the groups' offsets is busy"};
}

runtime::Task<GroupFault> ShardGroups::erase(GroupRef group) {
  const Result<log::Partition*> quiet = co_await quiet_partition(group.account, group.partition);
  if (!quiet.ok()) co_return fault_of(quiet.error());
  const Entry* const entry = find(group);
  if (entry != nullptr && entry->coordinator.state() != GroupState::kEmpty) co_return GroupFault::kNotEmpty;
  const GroupOffsets* const offsets = GroupOffsets::of(**quiet);
  const GroupOffsets::Group* const held = offsets == nullptr ? nullptr : offsets->find(group.id);
  if (entry == nullptr && held == nullptr) co_return GroupFault::kNotFound;
  GroupRecords records(shard_.shard().loop.wall_now());
  if (held != nullptr) {
    for (const auto& [at, committed] : held->offsets)
      records.forget(OffsetKey{.group = group.id, .topic = at.first, .partition = at.second});
    if (held->metadata) records.forget(GroupKey{group.id});
  }
  if (const auto written = records.append_to(**quiet); !written.ok()) co_return fault_of(written.error());
  groups_.erase({group.account, group.id});
  const auto durable = co_await released(**quiet);
  co_return durable.ok() ? GroupFault::kNone : fault_of(durable.error());
}

}  // namespace firth::broker
