// Produce appends one batch to each partition. Batches are checked on the connection's shard and decided on their partitions' shards, all
// of one shard in one turn, so that they share a frame and a sync.
#include "kafka/handlers/produce.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "broker/live_delivery.h"
#include "broker/producer_state.h"
#include "broker/stream.h"
#include "kafka/errors.h"
#include "kafka/handlers/produce_batch.h"
#include "kafka/handlers/topic_requests.h"

namespace firth::kafka {
namespace {

using Wanted = ProduceRequestPartition;
using Answer = ProduceResponsePartition;

constexpr std::int16_t kFirstById = 13;
constexpr std::int16_t kAcksNone = 0, kAcksLeader = 1, kAcksAll = -1;

struct Write {
  PartitionPlace place;
  PreparedBatch batch;
  Answer* answer;  // stays where it is until all is done
  std::int16_t acks;
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

// Whether something was appended, or is there already, which is to be waited for.
bool decide(Write& write, log::Partition& partition) {
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
  // A partition that is a stream is written through it: its limits and the rule of its keys hold for both faces.
  broker::Stream* stream = write.place.home->stream_of(partition);
  const Result<Offset> base = stream == nullptr ? partition.append(write.batch.bytes) : stream->append_batch(write.batch.bytes);
  if (!base.ok())
    return fail(answer, to_kafka_append(base.error(), stream == nullptr ? Target::kTopic : Target::kStream), base.error().text), false;
  if (producers != nullptr) producers->accepted(batch);
  if (write.place.topic->config.deliver && write.place.home->live_delivery() != nullptr)
    write.place.home->live_delivery()->follow(write.place.topic, partition, write.batch.bytes);
  answer.base_offset = base->value();
  answer.log_append_time_ms = write.batch.append_time_ms;
  return true;
}

// The piece that knows the producers is made with the first of them; it can be asked once it is released.
runtime::Task<Result<void>> prepare_producers(const std::vector<Write*>& writes) {
  for (const Write* write : writes) {
    log::Partition* partition = write->place.partition();
    if (partition == nullptr || log::BatchView(write->batch.bytes.view()).producer_id() <= kNoProducer) continue;
    FIRTH_CO_TRY(const auto* state, broker::ProducerState::of(*partition));
    if (state == nullptr) FIRTH_CO_CHECK(co_await broker::released(*partition));
  }
  co_return Result<void>();
}

runtime::Task<bool> write_there(std::vector<Write*> writes) {
  const Result<void> prepared = co_await prepare_producers(writes);
  std::vector<Write*> waiting;
  for (Write* write : writes) {
    log::Partition* partition = write->place.partition();
    if (!prepared.ok()) fail(*write->answer, to_kafka_append(prepared.error()), prepared.error().text);
    else if (partition == nullptr) fail(*write->answer, ErrorCode::kUnknownTopicOrPartition, {});
    else if (decide(*write, *partition) && write->acks != kAcksNone) waiting.push_back(write);
  }
  if (waiting.empty()) co_return true;
  for (Write* write : waiting) {
    const Result<void> done = co_await released(write->place);
    if (!done.ok()) fail(*write->answer, to_kafka_append(done.error()), done.error().text);
  }
  if (broker::LiveDelivery* live = waiting.front()->place.home->live_delivery(); live != nullptr) co_await live->caught_up();
  co_return true;
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
  const bool has_valid_acks = request.acks == kAcksNone || request.acks == kAcksLeader || request.acks == kAcksAll;
  ProduceResponse response;
  std::vector<Write> writes;
  log::Decompressor decompressor;
  lay_out(context, kFirstById, request, response, [&](const Wanted& wanted, PartitionPlace place, Answer& answer) {
    if (!has_valid_acks) return fail(answer, ErrorCode::kInvalidRequiredAcks, {});
    if (place.error != ErrorCode::kNone) return fail(answer, place.error, {});
    // Kafka lets one client id of its own do so; what is in these topics is the coordinators' alone here.
    if (broker::is_internal(place.topic->name))
      return fail(answer, ErrorCode::kInvalidTopicException, fmt::format("Cannot append to internal topic {}", place.topic->name));
    PreparedBatch batch =
        prepare_batch(wanted.records.value_or(SharedBytes()), *place.topic, now_ms, {decompressor, context.shard().memory});
    if (batch.error != ErrorCode::kNone) return refuse(answer, batch);
    if (log::BatchView(batch.bytes.view()).is_transactional())
      return fail(answer, ErrorCode::kInvalidTxnState, "transactions are not served");
    writes.push_back({.place = std::move(place), .batch = std::move(batch), .answer = &answer, .acks = request.acks});
  });
  co_await run_on_homes(context, writes, write_there);
  co_return response;
}

}  // namespace firth::kafka
