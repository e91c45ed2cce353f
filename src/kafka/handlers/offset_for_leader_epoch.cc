// OffsetForLeaderEpoch: where an epoch ended, so that a consumer notices a log that was cut.
#include "kafka/handlers/offset_for_leader_epoch.h"

#include "kafka/handlers/topic_requests.h"

namespace firth::kafka {
namespace {

using Wanted = OffsetForLeaderEpochRequestPartition;
using Answer = OffsetForLeaderEpochResponsePartition;

using Slot = PartitionSlot<Wanted, Answer>;

void answer_slot(const Slot& slot) {
  Answer& answer = *slot.answer;
  const log::Partition* partition = slot.place.partition();
  answer.error_code = check_current(partition, slot.wanted.current_leader_epoch);
  if (answer.error_code != ErrorCode::kNone) return;
  const auto found = find_epoch_end(*partition, LeaderEpoch(slot.wanted.leader_epoch));
  if (!found.has_value()) return;
  answer.leader_epoch = found->epoch.value();
  answer.end_offset = found->end.value();
}

runtime::Task<bool> answer_there(std::vector<Slot*> slots) {
  for (const Slot* slot : slots) answer_slot(*slot);
  co_return true;
}

}  // namespace

runtime::Task<OffsetForLeaderEpochResponse> OffsetForLeaderEpoch::handle(const Context& context, OffsetForLeaderEpochRequest request) {
  OffsetForLeaderEpochResponse response;
  std::vector<Slot> slots;
  lay_out(context, kNeverById, request, response, [&](const Wanted& wanted, PartitionPlace place, Answer& answer) {
    answer.error_code = place.error;
    if (place.error == ErrorCode::kNone) slots.push_back({.place = std::move(place), .wanted = wanted, .answer = &answer});
  });
  co_await run_on_homes(context, slots, answer_there);
  co_return response;
}

}  // namespace firth::kafka
