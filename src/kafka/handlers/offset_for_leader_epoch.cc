// OffsetForLeaderEpoch: where an epoch ended, so that a consumer notices a log that was cut.
#include "kafka/handlers/offset_for_leader_epoch.h"

#include "broker/on_shard.h"
#include "kafka/handlers/topic_requests.h"

namespace firth::kafka {
namespace {

using Wanted = OffsetForLeaderEpochRequestPartition;
using Answer = OffsetForLeaderEpochResponsePartition;

// The largest epoch at or below the one asked for, and where the next one began.
void find_end(const log::Partition& partition, std::int32_t epoch, Answer& answer) {
  const log::PartitionState& state = partition.state();
  if (epoch > state.epoch().value()) return;
  answer.leader_epoch = 0;
  for (const log::EpochStart& start : state.epochs) {
    if (start.epoch.value() > epoch) {
      answer.end_offset = start.start.value();
      return;
    }
    answer.leader_epoch = start.epoch.value();
  }
  answer.end_offset = partition.high_watermark().value();
}

runtime::Task<Answer> answer_there(broker::ShardBroker& home, broker::TopicPointer topic, Wanted wanted) {
  Answer answer;
  answer.partition_index = wanted.partition_index;
  const log::Partition* partition = home.local_partition(*topic, PartitionIndex(wanted.partition_index));
  answer.error_code =
      partition == nullptr ? ErrorCode::kUnknownTopicOrPartition : check_epoch(wanted.current_leader_epoch, partition->state().epoch());
  if (answer.error_code == ErrorCode::kNone) find_end(*partition, wanted.leader_epoch, answer);
  co_return answer;
}

}  // namespace

runtime::Task<OffsetForLeaderEpochResponse> OffsetForLeaderEpoch::handle(const Context& context, OffsetForLeaderEpochRequest request) {
  OffsetForLeaderEpochResponse response;
  for (const auto& wanted_topic : request.topics) {
    const broker::TopicPointer topic = context.topic(wanted_topic.name);
    auto& answers = response.topics.emplace_back();
    answers.name = wanted_topic.name;
    for (const Wanted& wanted : wanted_topic.partitions) {
      if (const ErrorCode error = check_partition(topic, wanted.partition_index); error != ErrorCode::kNone) {
        auto& answer = answers.partitions.emplace_back();
        answer.error_code = error;
        answer.partition_index = wanted.partition_index;
        continue;
      }
      broker::ShardBroker& home = context.broker.broker().home(topic->partitions[static_cast<std::size_t>(wanted.partition_index)]);
      answers.partitions.push_back(co_await broker::on_shard<Answer>(context.shard(), home.shard(),
                                                                     [&home, topic, wanted] { return answer_there(home, topic, wanted); }));
    }
  }
  co_return response;
}

}  // namespace firth::kafka
