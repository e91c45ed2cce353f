#include "kafka/handlers/topic_requests.h"

#include <utility>

namespace firth::kafka {

PartitionPlace find_partition(const Context& context, broker::TopicPointer topic, std::int32_t index, ErrorCode absent) {
  if (topic == nullptr) return {.error = absent, .topic = nullptr};
  if (index < 0 || static_cast<std::size_t>(index) >= topic->partitions.size())
    return {.error = ErrorCode::kUnknownTopicOrPartition, .topic = nullptr};
  broker::ShardBroker& home = context.broker.broker().home(topic->partitions[static_cast<std::size_t>(index)]);
  return {.topic = std::move(topic), .index = PartitionIndex(index), .home = &home};
}

namespace {

runtime::Task<Result<void>> gone() { co_return Error{Errc::kNotFound, "the topic was deleted"}; }

}  // namespace

// Not a coroutine of its own: this is on the way of every produce request.
runtime::Task<Result<void>> released(const PartitionPlace& place) {
  log::Partition* const partition = place.partition();
  return partition == nullptr ? gone() : broker::released(*partition);
}

ErrorCode check_epoch(std::int32_t claimed, LeaderEpoch current) {
  if (claimed == -1 || claimed == current.value()) return ErrorCode::kNone;
  return claimed < current.value() ? ErrorCode::kFencedLeaderEpoch : ErrorCode::kUnknownLeaderEpoch;
}

ErrorCode check_current(const log::Partition* partition, std::int32_t claimed_epoch) {
  return partition == nullptr ? ErrorCode::kUnknownTopicOrPartition : check_epoch(claimed_epoch, partition->state().epoch());
}

std::optional<EpochEnd> find_epoch_end(const log::Partition& partition, LeaderEpoch epoch) {
  const log::PartitionState& state = partition.state();
  if (epoch > state.epoch()) return std::nullopt;
  EpochEnd found{.epoch = LeaderEpoch(0), .end = partition.high_watermark()};
  for (const log::EpochStart& start : state.epochs) {
    if (start.epoch > epoch) {
      found.end = start.start;
      break;
    }
    found.epoch = start.epoch;
  }
  return found;
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
