// Produce appends one batch to each partition. Batches are checked on the connection's shard and decided on their partitions' shards, all
// of one shard in one turn, so that they share a frame and a sync.
#include "kafka/handlers/produce.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "broker/live_delivery.h"
#include "broker/on_shard.h"
#include "broker/producer_state.h"
#include "broker/stream.h"
#include "broker/streams.h"
#include "kafka/errors.h"
#include "kafka/handlers/produce_batch.h"
#include "runtime/task_group.h"

namespace firth::kafka {
namespace {

using Answer = ProduceResponsePartition;

struct Write {
  broker::TopicPointer topic;
  PartitionIndex index;
  PreparedBatch batch;
  Answer* answer;  // stays where it is until all is done
};
struct Writes {
  broker::ShardBroker* home;
  std::int16_t acks;
  std::vector<Write> writes;
};

void fail(Answer& answer, ErrorCode code, std::string message) {
  answer.error_code = code;
  answer.base_offset = -1;
  answer.log_append_time_ms = -1;
  if (!message.empty()) answer.error_message = std::move(message);
}

enum class Target : bool { kTopic, kStream };

// A stream has limits and rules of its own (docs/one-log.md, "Configuration", "Subject and key").
ErrorCode to_kafka_append(const Error& error, Target target = Target::kTopic) {
  if (error.code == Errc::kLimit) return target == Target::kStream ? ErrorCode::kPolicyViolation : ErrorCode::kMessageTooLarge;
  if (error.code == Errc::kInvalid && target == Target::kStream) return ErrorCode::kInvalidRecord;
  if (error.code == Errc::kNotFound) return ErrorCode::kUnknownTopicOrPartition;
  return to_kafka(error.code);
}

// A partition that is a stream is written through it: its limits and the rule of its keys hold for both faces.
broker::Stream* stream_of(broker::ShardBroker& home, const log::Partition& partition) {
  return home.streams() == nullptr ? nullptr : home.streams()->find(partition.key());
}

// Whether something was appended, or is there already, which is to be waited for.
bool decide(Write& write, broker::ShardBroker& home, log::Partition& partition) {
  Answer& answer = *write.answer;
  answer.log_start_offset = partition.log_start().value();
  broker::ProducerState* producers = nullptr;
  const log::BatchView batch(write.batch.bytes.view());
  if (batch.producer_id() > kNoProducer) {
    const auto state = broker::ProducerState::of(partition);
    if (!state.ok()) return fail(answer, to_kafka_append(state.error()), state.error().text), false;
    producers = *state;
    if (producers == nullptr) return fail(answer, ErrorCode::kNotLeaderOrFollower, {}), false;  // born this moment: once more
    const broker::ProducerVerdict verdict = producers->judge(partition, batch);
    using Kind = broker::ProducerVerdict::Kind;
    switch (verdict.kind) {
      case Kind::kAppend:
        break;
      case Kind::kDuplicate:
        answer.base_offset = verdict.original.base.value();
        answer.log_append_time_ms = verdict.original.max_timestamp_ms;  // as Kafka does, of either timestamp type
        return true;
      case Kind::kOutOfOrder:
        return fail(answer, ErrorCode::kOutOfOrderSequenceNumber, {}), false;
      case Kind::kOldEpoch:
        return fail(answer, ErrorCode::kInvalidProducerEpoch, {}), false;
    }
  }
  broker::Stream* stream = stream_of(home, partition);
  const Result<Offset> base = stream == nullptr ? partition.append(write.batch.bytes) : stream->append_batch(write.batch.bytes);
  if (!base.ok())
    return fail(answer, to_kafka_append(base.error(), stream == nullptr ? Target::kTopic : Target::kStream), base.error().text), false;
  if (producers != nullptr) producers->accepted(batch);
  if (write.topic->config.deliver && home.live_delivery() != nullptr)
    home.live_delivery()->follow(write.topic, partition, write.batch.bytes);
  answer.base_offset = base->value();
  answer.log_append_time_ms = write.batch.append_time_ms;
  return true;
}

// The piece that knows the producers is made with the first of them; it can be asked once it is released.
runtime::Task<Result<void>> prepare_producers(Writes& writes) {
  for (Write& write : writes.writes) {
    log::Partition* partition = writes.home->local_partition(*write.topic, write.index);
    if (partition == nullptr || log::BatchView(write.batch.bytes.view()).producer_id() <= kNoProducer) continue;
    FIRTH_CO_TRY(const auto* state, broker::ProducerState::of(*partition));
    if (state == nullptr) FIRTH_CO_CHECK(co_await broker::released(*partition));
  }
  co_return Result<void>();
}

runtime::Task<bool> write_there(Writes& writes) {
  const Result<void> prepared = co_await prepare_producers(writes);
  std::vector<Write*> waiting;
  for (Write& write : writes.writes) {
    log::Partition* partition = writes.home->local_partition(*write.topic, write.index);
    if (!prepared.ok()) fail(*write.answer, to_kafka_append(prepared.error()), prepared.error().text);
    else if (partition == nullptr) fail(*write.answer, ErrorCode::kUnknownTopicOrPartition, {});
    else if (decide(write, *writes.home, *partition)) waiting.push_back(&write);
  }
  if (writes.acks == 0) co_return true;
  for (Write* write : waiting) {
    log::Partition* partition = writes.home->local_partition(*write->topic, write->index);
    const Result<void> done =
        partition == nullptr ? Result<void>(Error{Errc::kNotFound, "the topic was deleted"}) : co_await broker::released(*partition);
    if (!done.ok()) fail(*write->answer, to_kafka_append(done.error()), done.error().text);
  }
  if (broker::LiveDelivery* live = writes.home->live_delivery(); live != nullptr) co_await live->caught_up();
  co_return true;
}

runtime::Task<> write_on(const Context& context, Writes& writes) {
  co_await broker::on_shard<bool>(context.shard(), writes.home->shard(), [&writes] { return write_there(writes); });
}

void refuse(Answer& answer, PreparedBatch& batch) {
  if (batch.bad_record >= 0) answer.record_errors.push_back({.batch_index = batch.bad_record, .message = batch.message});
  fail(answer, batch.error, std::move(batch.message));
}

}  // namespace

bool Produce::has_failed(const Response& response) {
  return std::ranges::any_of(response.topics, [](const auto& topic) {
    return std::ranges::any_of(topic.partitions, [](const Answer& answer) { return answer.error_code != ErrorCode::kNone; });
  });
}

runtime::Task<ProduceResponse> Produce::handle(const Context& context, ProduceRequest request) {
  const std::int64_t now_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(context.shard().loop.wall_now().time_since_epoch()).count();
  ProduceResponse response;
  response.topics.reserve(request.topics.size());
  std::map<std::uint32_t, Writes> by_shard;
  log::Decompressor decompressor;
  for (const auto& wanted : request.topics) {
    const bool by_id = context.api_version >= 13;
    const broker::TopicPointer topic = by_id ? context.topic(wanted.topic_id) : context.topic(wanted.name);
    auto& answers = response.topics.emplace_back();
    answers.name = wanted.name;
    answers.topic_id = wanted.topic_id;
    answers.partitions.reserve(wanted.partitions.size());
    for (const auto& part : wanted.partitions) {
      Answer& answer = answers.partitions.emplace_back();
      answer.partition_index = part.partition_index;
      const auto place = static_cast<std::size_t>(part.partition_index);
      if (request.acks < -1 || request.acks > 1) {
        fail(answer, ErrorCode::kInvalidRequiredAcks, {});
      } else if (topic == nullptr || part.partition_index < 0 || place >= topic->partitions.size()) {
        fail(answer, by_id && topic == nullptr ? ErrorCode::kUnknownTopicId : ErrorCode::kUnknownTopicOrPartition, {});
      } else if (PreparedBatch batch = prepare_batch(part.records.value_or(SharedBytes()), *topic, now_ms, decompressor);
                 batch.error != ErrorCode::kNone) {
        refuse(answer, batch);
      } else if (log::BatchView(batch.bytes.view()).is_transactional()) {
        fail(answer, ErrorCode::kInvalidTxnState, "transactions are not served");
      } else {
        broker::ShardBroker& home = context.broker.broker().home(topic->partitions[place]);
        Writes& writes =
            by_shard.try_emplace(home.shard().index.value(), Writes{.home = &home, .acks = request.acks, .writes = {}}).first->second;
        writes.writes.push_back(
            {.topic = topic, .index = PartitionIndex(part.partition_index), .batch = std::move(batch), .answer = &answer});
      }
    }
  }
  runtime::TaskGroup group;
  for (auto& [shard, writes] : by_shard) group.spawn(write_on(context, writes));
  co_await group.close();
  co_return response;
}

}  // namespace firth::kafka
