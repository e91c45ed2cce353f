// Fetch: raw batches from the log to the socket. Waits for min_bytes until max_wait; whatever is an answer by itself (an error) ends the
// wait. Sessions (KIP-227) are refused by session id 0, which is legal and means that every request names all its partitions.
#include "kafka/handlers/fetch.h"

#include <algorithm>
#include <chrono>

#include "broker/visible_read.h"
#include "kafka/errors.h"
#include "kafka/handlers/fetch_watch.h"
#include "kafka/handlers/topic_requests.h"

namespace firth::kafka {
namespace {

using Answer = FetchResponsePartition;
using Wanted = FetchRequestPartition;

constexpr std::int8_t kReadCommitted = 1;
constexpr std::int16_t kFirstById = 13;
constexpr std::int32_t kNoEpoch = -1;

using Slot = PartitionSlot<Wanted, Answer>;

struct Pass {
  std::int64_t bytes_left;
  std::int64_t bytes = 0;
  bool is_an_answer = false;  // an error or a divergence, for which nobody waits
  bool is_committed_only = false;
};

void fail(Answer& answer, ErrorCode code, Pass& pass) {
  answer = {.partition_index = answer.partition_index, .error_code = code, .high_watermark = -1, .records = ByteChain()};
  pass.is_an_answer = true;
}

// A reader whose log has parted from this one, as what it read last is of an epoch that ended before, is told where (KIP-595). True: it
// has its answer.
bool tell_divergence(const Wanted& wanted, const log::Partition& partition, Answer& answer, Pass& pass) {
  if (wanted.last_fetched_epoch == kNoEpoch) return false;
  const auto found = find_epoch_end(partition, LeaderEpoch(wanted.last_fetched_epoch));
  if (!found.has_value()) {
    fail(answer, ErrorCode::kOffsetOutOfRange, pass);
    return true;
  }
  if (found->epoch.value() >= wanted.last_fetched_epoch && found->end.value() >= wanted.fetch_offset) return false;
  answer.diverging_epoch = {.epoch = found->epoch.value(), .end_offset = found->end.value()};
  pass.is_an_answer = true;
  return true;
}

void read_slot(const Slot& slot, Pass& pass) {
  Answer& answer = *slot.answer;
  const Wanted& wanted = slot.wanted;
  answer = Answer();
  answer.partition_index = wanted.partition_index;
  answer.records = ByteChain();
  log::Partition* partition = slot.place.partition();
  if (const ErrorCode error = check_current(partition, wanted.current_leader_epoch); error != ErrorCode::kNone)
    return fail(answer, error, pass);
  const Offset from(wanted.fetch_offset);
  const Offset bound = partition->high_watermark();
  answer.high_watermark = bound.value();
  answer.last_stable_offset = bound.value();
  answer.log_start_offset = partition->log_start().value();
  if (pass.is_committed_only) answer.aborted_transactions.emplace();
  if (tell_divergence(wanted, *partition, answer, pass)) return;
  if (from < partition->log_start() || from > bound) return fail(answer, ErrorCode::kOffsetOutOfRange, pass);
  // The first one that has something sends a whole batch, however small the limits (KIP-74).
  const std::int64_t room = std::min<std::int64_t>(wanted.partition_max_bytes, pass.bytes_left);
  if (from == bound || (room <= 0 && pass.bytes > 0)) return;
  const auto max_bytes = static_cast<std::size_t>(std::max<std::int64_t>(room, 1));
  const auto read = broker::read_visible(*partition, {.from = from, .bound = bound, .max_bytes = max_bytes});
  if (!read.ok()) return fail(answer, to_kafka(read.error().code), pass);
  if (pass.bytes > 0 && static_cast<std::int64_t>(read->bytes) > pass.bytes_left) return;
  for (const SharedBytes& batches : read->batches) answer.records->append(batches);
  pass.bytes += static_cast<std::int64_t>(read->bytes);
  pass.bytes_left -= static_cast<std::int64_t>(read->bytes);
}

runtime::Task<bool> read_there(const std::vector<Slot*>& slots, Pass& pass) {
  for (const Slot* slot : slots) read_slot(*slot, pass);
  co_return true;
}

// Partitions that follow each other and live on one shard are read together.
runtime::Task<Pass> read_all(const Context& context, std::vector<Slot>& slots, Pass pass) {
  for (std::size_t begin = 0; begin < slots.size();) {
    std::vector<Slot*> together;
    broker::ShardBroker* const home = slots[begin].place.home;
    for (; begin < slots.size() && slots[begin].place.home == home; ++begin) together.push_back(&slots[begin]);
    co_await broker::on_shard<bool>(context.shard(), home->shard(), [&together, &pass] { return read_there(together, pass); });
  }
  co_return pass;
}

std::vector<Watched> watch(const std::vector<Slot>& slots) {
  std::vector<Watched> watched;
  watched.reserve(slots.size());
  for (const Slot& slot : slots) watched.push_back({.place = slot.place, .seen = Offset(slot.answer->high_watermark)});
  return watched;
}

}  // namespace

runtime::Task<FetchResponse> Fetch::handle(const Context& context, FetchRequest request) {
  FetchResponse response;
  if (request.session_epoch > 0) {  // a further request of a session: none was ever given out
    response.error_code = ErrorCode::kFetchSessionIdNotFound;
    co_return response;
  }
  runtime::Loop& loop = context.shard().loop;
  const runtime::MonotonicTime deadline = loop.now() + std::chrono::milliseconds(std::max(request.max_wait_ms, 0));
  std::vector<Slot> slots;
  bool has_errors = false;
  lay_out(context, kFirstById, request, response, [&](const Wanted& wanted, PartitionPlace place, Answer& answer) {
    answer.records = ByteChain();
    answer.error_code = place.error;
    if (place.error == ErrorCode::kNone) return slots.push_back({.place = std::move(place), .wanted = wanted, .answer = &answer});
    answer.high_watermark = -1;
    has_errors = true;
  });
  const Pass fresh{.bytes_left = std::clamp<std::int64_t>(request.max_bytes, 0, kMaxBytes),
                   .is_committed_only = request.isolation_level == kReadCommitted};
  while (!slots.empty()) {
    const Pass pass = co_await read_all(context, slots, fresh);
    if (has_errors || pass.is_an_answer || pass.bytes >= std::max(request.min_bytes, 0)) break;
    if (loop.now() >= deadline || context.cancellation.requested()) break;
    // An answer that is thrown away was by reference; reading it again finds it in the tail.
    co_await wait_for_change(context, watch(slots), deadline);
  }
  co_return response;
}

}  // namespace firth::kafka
