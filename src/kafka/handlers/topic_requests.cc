#include "kafka/handlers/topic_requests.h"

#include <utility>

namespace firth::kafka {

ErrorCode check_partition(const broker::TopicPointer& topic, std::int32_t index) {
  const bool exists = topic != nullptr && index >= 0 && static_cast<std::size_t>(index) < topic->partitions.size();
  return exists ? ErrorCode::kNone : ErrorCode::kUnknownTopicOrPartition;
}

ErrorCode check_epoch(std::int32_t claimed, LeaderEpoch current) {
  if (claimed == -1 || claimed == current.value()) return ErrorCode::kNone;
  return claimed < current.value() ? ErrorCode::kFencedLeaderEpoch : ErrorCode::kUnknownLeaderEpoch;
}

runtime::Task<Result<broker::TopicPointer>> make_topic(const Context& context, std::string name) {
  broker::TopicConfig config = broker::kafka_defaults();
  config.deliver = context.face.settings.deliver;
  auto made = co_await context.broker.broker().create_topic(
      context.broker,
      {.account = context.account, .name = name, .partition_count = context.face.settings.default_partitions, .config = config});
  if (!made.ok() && made.error().code == Errc::kExists)  // another client was faster
    if (broker::TopicPointer there = context.topic(name); there != nullptr) co_return there;
  co_return made;
}

}  // namespace firth::kafka
