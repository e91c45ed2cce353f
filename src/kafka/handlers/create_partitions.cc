// CreatePartitions: a topic that Kafka made grows; its count never shrinks. What JetStream knows as a stream keeps its one partition, and
// a topic that captures subjects keeps those that it has: growing would move subjects to other partitions (docs/one-log.md).
#include "kafka/handlers/create_partitions.h"

#include <fmt/core.h>

#include <map>
#include <optional>

#include "kafka/errors.h"
#include "kafka/handlers/refusal.h"

namespace firth::kafka {
namespace {

std::optional<Refusal> check(const broker::TopicPointer& topic, const CreatePartitionsRequestTopic& wanted) {
  if (topic == nullptr) return Refusal{ErrorCode::kUnknownTopicOrPartition, "This server does not host this topic-partition."};
  const auto now = static_cast<std::int64_t>(topic->partitions.size());
  if (wanted.count == now) return Refusal{ErrorCode::kInvalidPartitions, fmt::format("Topic already has {} partition(s).", now)};
  if (wanted.count < now)
    return Refusal{ErrorCode::kInvalidPartitions,
                   fmt::format("The topic {} currently has {} partition(s); {} would not be an increase.", topic->name, now, wanted.count)};
  const std::int64_t added = wanted.count - now;
  if (added > kMaxNewPartitions)
    return Refusal{ErrorCode::kInvalidPartitions, fmt::format("At most {} partitions can be made at once.", kMaxNewPartitions)};
  if (wanted.assignments.has_value()) {
    if (static_cast<std::int64_t>(wanted.assignments->size()) != added)
      return Refusal{ErrorCode::kInvalidReplicaAssignment,
                     fmt::format("Attempted to add {} additional partition(s), but only {} assignment(s) were specified.", added,
                                 wanted.assignments->size())};
    for (const auto& assignment : *wanted.assignments)
      if (assignment.broker_ids != std::vector<std::int32_t>{kNodeId})
        return Refusal{ErrorCode::kInvalidReplicaAssignment, fmt::format("The only broker is {}.", kNodeId)};
  }
  if (broker::is_internal(topic->name))
    return Refusal{ErrorCode::kInvalidTopicException, "Groups and transactions are found by the number of partitions of this topic."};
  if (topic->config.origin == broker::Origin::kNats || !topic->config.subjects.empty())
    return Refusal{ErrorCode::kInvalidPartitions, "A topic that captures subjects keeps its number of partitions."};
  return std::nullopt;
}

}  // namespace

runtime::Task<CreatePartitionsResponse> CreatePartitions::handle(const Context& context, CreatePartitionsRequest request) {
  CreatePartitionsResponse response;
  std::map<std::string_view, int> times_named;
  for (const auto& wanted : request.topics) ++times_named[wanted.name];
  for (const auto& wanted : request.topics) {
    int& times = times_named[wanted.name];
    if (times == 0) continue;  // named twice, and refused already
    const broker::TopicPointer topic = context.topic(wanted.name);
    std::optional<Refusal> refusal = check(topic, wanted);
    if (std::exchange(times, 0) > 1) refusal = Refusal{ErrorCode::kInvalidRequest, "Duplicate topic name."};
    if (!refusal && !request.validate_only) {
      const Result<broker::TopicPointer> grown = co_await context.broker.broker().add_partitions(context.broker, topic->id, wanted.count);
      if (!grown.ok() && grown.error().code == Errc::kConflict) refusal = Refusal{ErrorCode::kInvalidPartitions, grown.error().text};
      else if (!grown.ok()) refusal = Refusal{to_kafka(grown.error().code), grown.error().text};
    }
    auto& answer = response.results.emplace_back();
    answer.name = wanted.name;
    if (!refusal) continue;
    answer.error_code = refusal->code;
    answer.error_message = std::move(refusal->text);
  }
  co_return response;
}

}  // namespace firth::kafka
