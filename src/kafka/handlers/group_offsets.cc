#include "kafka/handlers/group_offsets.h"

#include <utility>

#include "kafka/handlers/group_call.h"

namespace firth::kafka {
namespace {

using broker::GroupOffsets;
using broker::GroupRef;
using broker::ShardGroups;

constexpr std::int16_t kCommitTopicIds = 10;
constexpr std::int16_t kFetchManyGroups = 8;
constexpr std::int16_t kFetchTopicIds = 10;
constexpr std::int64_t kNoCommit = -1;

using Fetched = std::vector<broker::FetchedOffset>;
using Wanted = std::optional<std::vector<GroupOffsets::TopicPartition>>;

runtime::Task<GroupAnswer<Fetched>> fetch(const Context& context, const std::string& group_id, Wanted wanted) {
  return ask_group<Fetched>(
      context, {.id = group_id, .name = GroupCall::Name::kMayBeEmpty},
      [wanted = std::move(wanted)](ShardGroups& home, GroupRef group) mutable { return home.fetch(std::move(group), std::move(wanted)); });
}

template <class Partition>
Partition to_partition(const broker::FetchedOffset& fetched) {
  Partition partition;
  partition.partition_index = fetched.partition.value();
  partition.committed_offset = fetched.committed ? fetched.committed->offset.value() : kNoCommit;
  partition.committed_leader_epoch = fetched.committed ? fetched.committed->leader_epoch.value() : -1;
  partition.metadata = fetched.committed ? fetched.committed->metadata : "";
  return partition;
}

// Consecutive ones of one topic become one entry.
template <class Topic, class Partition>
void add(std::vector<Topic>& topics, const broker::FetchedOffset& fetched) {
  if (topics.empty() || topics.back().name != fetched.topic) topics.emplace_back().name = fetched.topic;
  topics.back().partitions.push_back(to_partition<Partition>(fetched));
}

runtime::Task<OffsetFetchResponseGroup> fetch_group(const Context& context, OffsetFetchRequestGroup request) {
  OffsetFetchResponseGroup response;
  response.group_id = request.group_id;
  const bool by_id = context.api_version >= kFetchTopicIds;
  Wanted wanted;
  if (request.topics) {
    wanted.emplace();
    for (auto& topic : *request.topics) {
      if (by_id) {
        const broker::TopicPointer found = context.topic(topic.topic_id);
        if (found == nullptr) {
          auto& unknown = response.topics.emplace_back();
          unknown.topic_id = topic.topic_id;
          for (const std::int32_t index : topic.partition_indexes) {
            auto& partition = unknown.partitions.emplace_back(to_partition<OffsetFetchResponseGroupPartition>(
                {.topic = {}, .partition = PartitionIndex(index), .committed = std::nullopt}));
            partition.error_code = ErrorCode::kUnknownTopicId;
          }
          continue;
        }
        topic.name = found->name;
      }
      for (const std::int32_t index : topic.partition_indexes) wanted->emplace_back(topic.name, PartitionIndex(index));
    }
  }
  const GroupAnswer<Fetched> fetched = co_await fetch(context, request.group_id, std::move(wanted));
  if (!fetched.has_value()) {
    response.topics.clear();
    response.error_code = fetched.error();
    co_return response;
  }
  std::vector<OffsetFetchResponseGroupTopic> topics;
  for (const broker::FetchedOffset& offset : *fetched)
    add<OffsetFetchResponseGroupTopic, OffsetFetchResponseGroupPartition>(topics, offset);
  for (auto& topic : topics) {
    if (by_id) {
      const broker::TopicPointer found = context.topic(topic.name);
      if (found == nullptr) continue;  // went in between
      topic.topic_id = found->id;
    }
    response.topics.push_back(std::move(topic));
  }
  co_return response;
}

}  // namespace

runtime::Task<OffsetFetchResponse> OffsetFetch::handle(const Context& context, OffsetFetchRequest request) {
  OffsetFetchResponse response;
  if (context.api_version >= kFetchManyGroups) {
    for (auto& group : request.groups) response.groups.push_back(co_await fetch_group(context, std::move(group)));
    co_return response;
  }
  Wanted wanted;
  if (request.topics) {
    wanted.emplace();
    for (const auto& topic : *request.topics)
      for (const std::int32_t index : topic.partition_indexes) wanted->emplace_back(topic.name, PartitionIndex(index));
  }
  const GroupAnswer<Fetched> fetched = co_await fetch(context, request.group_id, std::move(wanted));
  if (fetched.has_value()) {
    for (const broker::FetchedOffset& offset : *fetched)
      add<OffsetFetchResponseTopic, OffsetFetchResponsePartition>(response.topics, offset);
    co_return response;
  }
  response.error_code = fetched.error();
  // Version 1 has no place for it but the partitions.
  for (const auto& topic : request.topics.value_or(std::vector<OffsetFetchRequestTopic>())) {
    for (const std::int32_t index : topic.partition_indexes) {
      add<OffsetFetchResponseTopic, OffsetFetchResponsePartition>(
          response.topics, {.topic = topic.name, .partition = PartitionIndex(index), .committed = std::nullopt});
      response.topics.back().partitions.back().error_code = response.error_code;
    }
  }
  co_return response;
}

runtime::Task<OffsetCommitResponse> OffsetCommit::handle(const Context& context, OffsetCommitRequest request) {
  OffsetCommitResponse response;
  std::vector<broker::OffsetToCommit> offsets;
  for (auto& topic : request.topics) {
    auto& answer = response.topics.emplace_back();
    answer.name = topic.name;
    answer.topic_id = topic.topic_id;
    const bool by_id = context.api_version >= kCommitTopicIds;
    const broker::TopicPointer found = by_id ? context.topic(topic.topic_id) : nullptr;
    for (auto& partition : topic.partitions) {
      answer.partitions.push_back({.partition_index = partition.partition_index, .error_code = ErrorCode::kNone});
      if (by_id && found == nullptr) {
        answer.partitions.back().error_code = ErrorCode::kUnknownTopicId;
        continue;
      }
      offsets.push_back({.topic = by_id ? found->name : topic.name,
                         .partition = PartitionIndex(partition.partition_index),
                         .offset = Offset(partition.committed_offset),
                         .leader_epoch = LeaderEpoch(partition.committed_leader_epoch),
                         .metadata = std::move(partition.committed_metadata).value_or("")});
    }
  }
  broker::MemberRef member{.member_id = std::move(request.member_id),
                           .instance_id = std::move(request.group_instance_id),
                           .generation = request.generation_id_or_member_epoch};
  const auto faults = co_await ask_group<std::vector<broker::GroupFault>>(
      context, {.id = request.group_id, .name = GroupCall::Name::kMayBeEmpty},
      [member = std::move(member), offsets = std::move(offsets)](ShardGroups& home, GroupRef group) mutable {
        return home.commit(std::move(group), std::move(member), std::move(offsets));
      });
  std::size_t next = 0;
  for (auto& topic : response.topics)
    for (auto& partition : topic.partitions)
      if (partition.error_code == ErrorCode::kNone)
        partition.error_code = faults.has_value() ? to_kafka((*faults)[next++]) : faults.error();
  co_return response;
}

}  // namespace firth::kafka
