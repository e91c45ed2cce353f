// What several handlers ask of topics: which partitions a request names, where they live, and how each is asked there.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/on_shard.h"
#include "kafka/error_code.h"
#include "kafka/handler.h"

namespace firth::kafka {

// A partition that a request names, or Kafka's answer to one that is not there.
struct PartitionPlace {
  ErrorCode error = ErrorCode::kNone;
  broker::TopicPointer topic;
  PartitionIndex index{0};
  broker::ShardBroker* home = nullptr;  // nullptr if there is an error

  // On its home's shard; nullptr: the topic was deleted meanwhile.
  log::Partition* partition() const { return home->local_partition(*topic, index); }
};

// `absent` is the answer if there is no such topic.
PartitionPlace find_partition(const Context& context, broker::TopicPointer topic, std::int32_t index, ErrorCode absent);

// With what is asked of it, and where the answer goes, which stays where it is.
template <class Wanted, class Answer>
struct PartitionSlot {
  PartitionPlace place;
  Wanted wanted;
  Answer* answer;
};

// Resumes when all that was decided on the partition so far is released. kNotFound: the topic was deleted. On its home's shard.
runtime::Task<Result<void>> released(const PartitionPlace& place);

inline constexpr std::int16_t kNeverById = INT16_MAX;

// Lays out the answers to a request that names partitions of topics, by the topic's id from version `first_by_id` on: one answer for each
// partition, in the request's order, each told to `visit(wanted, place, answer)`. Answers stay where they are.
template <class Request, class Response, class Visit>
void lay_out(const Context& context, std::int16_t first_by_id, const Request& request, Response& response, Visit visit) {
  response.topics.reserve(request.topics.size());
  for (const auto& named : request.topics) {
    auto& answers = response.topics.emplace_back();
    answers.name = named.name;
    broker::TopicPointer topic;
    ErrorCode absent = ErrorCode::kUnknownTopicOrPartition;
    if constexpr (requires { named.topic_id; }) {
      answers.topic_id = named.topic_id;
      if (context.api_version >= first_by_id) {
        topic = context.topic(named.topic_id);
        absent = ErrorCode::kUnknownTopicId;
      }
    }
    if (context.api_version < first_by_id) topic = context.topic(named.name);
    answers.partitions.reserve(named.partitions.size());
    for (const auto& wanted : named.partitions) {
      auto& answer = answers.partitions.emplace_back();
      answer.partition_index = wanted.partition_index;
      visit(wanted, find_partition(context, topic, wanted.partition_index, absent), answer);
    }
  }
}

// What is to be done with slots, each with a `place`, that live on one shard: there, in one turn as far as it does not wait.
template <class Slot>
using OnHome = runtime::Task<bool> (*)(std::vector<Slot*> slots);

template <class Slot>
runtime::Task<> run_on_home(const Context& context, std::vector<Slot*> slots, OnHome<Slot> there) {
  runtime::Shard& home = slots.front()->place.home->shard();
  co_await broker::on_shard<bool>(context.shard(), home, [slots = std::move(slots), there]() mutable { return there(std::move(slots)); });
}

// On all shards at the same time; done when all are.
template <class Slot>
runtime::Task<> run_on_homes(const Context& context, std::vector<Slot>& slots, OnHome<Slot> there) {
  std::map<std::uint32_t, std::vector<Slot*>> by_shard;
  for (Slot& slot : slots) by_shard[slot.place.home->shard().index.value()].push_back(&slot);
  runtime::TaskGroup group;
  for (auto& [shard, of_shard] : by_shard) group.spawn(run_on_home(context, std::move(of_shard), there));
  co_await group.close();
}

// The epoch that a client believes to be current, -1 for any, against the one that is.
ErrorCode check_epoch(std::int32_t claimed, LeaderEpoch current);
// The same of a partition; nullptr: it was deleted meanwhile.
ErrorCode check_current(const log::Partition* partition, std::int32_t claimed_epoch);

// Where the largest epoch at or below `epoch` ends: where the next one begins, the high watermark if it is the last. Nothing: no epoch is
// as late as `epoch`.
struct EpochEnd {
  LeaderEpoch epoch;
  Offset end;
};
std::optional<EpochEnd> find_epoch_end(const log::Partition& partition, LeaderEpoch epoch);

// A topic made with the server's defaults, or the one that is there.
runtime::Task<Result<broker::TopicPointer>> make_topic(const Context& context, std::string name);

}  // namespace firth::kafka
