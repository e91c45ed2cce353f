// DeleteRecords raises a partition's log start: what JetStream calls a purge up to a sequence. Kafka's rules of who may lose records so:
// no internal topic, and no topic that is compacted and never deletes.
#include "kafka/handlers/delete_records.h"

#include "broker/log_start.h"
#include "kafka/errors.h"
#include "kafka/handlers/topic_requests.h"

namespace firth::kafka {
namespace {

using Wanted = DeleteRecordsRequestPartition;
using Answer = DeleteRecordsResponsePartition;

constexpr std::int64_t kToHighWatermark = -1;
constexpr std::int64_t kNoLowWatermark = -1;

using Slot = PartitionSlot<Wanted, Answer>;

ErrorCode check_topic(const broker::Topic& topic) {
  if (broker::is_internal(topic.name)) return ErrorCode::kInvalidTopicException;
  if (topic.config.origin == broker::Origin::kKafka && !topic.config.cleanup_policy.remove) return ErrorCode::kPolicyViolation;
  return ErrorCode::kNone;
}

// Whether there is something to wait for.
bool decide(const Slot& slot) {
  Answer& answer = *slot.answer;
  log::Partition* partition = slot.place.partition();
  if (partition == nullptr) {
    answer.error_code = ErrorCode::kUnknownTopicOrPartition;
    return false;
  }
  const Offset target = slot.wanted.offset == kToHighWatermark ? partition->high_watermark() : Offset(slot.wanted.offset);
  if (target < Offset(0) || target > partition->high_watermark()) {
    answer.error_code = ErrorCode::kOffsetOutOfRange;
    return false;
  }
  const Result<void> moved = broker::move_log_start(*slot.place.home, *partition, target);
  if (!moved.ok()) answer.error_code = moved.error().code == Errc::kDenied ? ErrorCode::kPolicyViolation : to_kafka(moved.error().code);
  return moved.ok();
}

runtime::Task<bool> delete_there(std::vector<Slot*> slots) {
  std::erase_if(slots, [](const Slot* slot) { return !decide(*slot); });
  for (Slot* slot : slots) {
    const Result<void> done = co_await released(slot->place);
    const log::Partition* const partition = slot->place.partition();
    if (done.ok() && partition != nullptr) slot->answer->low_watermark = partition->log_start().value();
    else slot->answer->error_code = done.ok() ? ErrorCode::kUnknownTopicOrPartition : to_kafka(done.error().code);
  }
  co_return true;
}

}  // namespace

runtime::Task<DeleteRecordsResponse> DeleteRecords::handle(const Context& context, DeleteRecordsRequest request) {
  DeleteRecordsResponse response;
  std::vector<Slot> slots;
  lay_out(context, kNeverById, request, response, [&](const Wanted& wanted, PartitionPlace place, Answer& answer) {
    answer.low_watermark = kNoLowWatermark;
    answer.error_code = place.error != ErrorCode::kNone ? place.error : check_topic(*place.topic);
    if (answer.error_code == ErrorCode::kNone) slots.push_back({.place = std::move(place), .wanted = wanted, .answer = &answer});
  });
  co_await run_on_homes(context, slots, delete_there);
  co_return response;
}

}  // namespace firth::kafka
