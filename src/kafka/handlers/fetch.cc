// Fetch: raw batches from the log to the socket. Waits for min_bytes until max_wait; whatever is an answer by itself (an error) ends the
// wait. Sessions (KIP-227) are refused by session id 0, which is legal and means that every request names all its partitions.
#include "kafka/handlers/fetch.h"

#include <algorithm>
#include <chrono>

#include "broker/on_shard.h"
#include "broker/visible_read.h"
#include "kafka/errors.h"
#include "kafka/handlers/fetch_watch.h"
#include "kafka/handlers/topic_requests.h"

namespace firth::kafka {
namespace {

using Answer = FetchResponsePartition;
using Wanted = FetchRequestPartition;

constexpr std::int64_t kMaxBytes = std::int64_t{55} << 20;  // Kafka's fetch.max.bytes
constexpr std::int8_t kReadCommitted = 1;

// One partition of the request that exists.
struct Slot {
  Wanted wanted;
  broker::TopicPointer topic;
  broker::ShardBroker* home;
  Answer* answer;  // stays where it is
};

struct Pass {
  std::int64_t bytes_left;
  std::int64_t bytes = 0;
  bool has_errors = false;
  bool is_committed_only = false;
};

void fail(Answer& answer, ErrorCode code, Pass& pass) {
  answer.error_code = code;
  answer.high_watermark = -1;
  answer.records = ByteChain();
  pass.has_errors = true;
}

void read_slot(const Slot& slot, Pass& pass) {
  Answer& answer = *slot.answer;
  const Wanted& wanted = slot.wanted;
  answer = Answer();
  answer.partition_index = wanted.partition_index;
  answer.records = ByteChain();
  log::Partition* partition = slot.home->local_partition(*slot.topic, PartitionIndex(wanted.partition_index));
  if (partition == nullptr) return fail(answer, ErrorCode::kUnknownTopicOrPartition, pass);
  if (const ErrorCode error = check_epoch(wanted.current_leader_epoch, partition->state().epoch()); error != ErrorCode::kNone)
    return fail(answer, error, pass);
  const Offset from(wanted.fetch_offset);
  const Offset bound = partition->high_watermark();
  if (from < partition->log_start() || from > bound) return fail(answer, ErrorCode::kOffsetOutOfRange, pass);

  answer.high_watermark = bound.value();
  answer.last_stable_offset = bound.value();
  answer.log_start_offset = partition->log_start().value();
  if (pass.is_committed_only) answer.aborted_transactions.emplace();
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
    broker::ShardBroker* const home = slots[begin].home;
    for (; begin < slots.size() && slots[begin].home == home; ++begin) together.push_back(&slots[begin]);
    co_await broker::on_shard<bool>(context.shard(), home->shard(), [&together, &pass] { return read_there(together, pass); });
  }
  co_return pass;
}

std::vector<Watched> watch(const std::vector<Slot>& slots) {
  std::vector<Watched> watched;
  for (const Slot& slot : slots)
    watched.push_back({.home = slot.home,
                       .topic = slot.topic,
                       .index = PartitionIndex(slot.wanted.partition_index),
                       .seen = Offset(slot.answer->high_watermark)});
  return watched;
}

// Fills in what cannot be read, and returns what can.
std::vector<Slot> lay_out(const Context& context, const FetchRequest& request, FetchResponse& response, bool& has_errors) {
  std::vector<Slot> slots;
  response.topics.reserve(request.topics.size());
  const bool by_id = context.api_version >= 13;
  for (const auto& wanted_topic : request.topics) {
    const broker::TopicPointer topic = by_id ? context.topic(wanted_topic.topic_id) : context.topic(wanted_topic.name);
    auto& answers = response.topics.emplace_back();
    answers.name = wanted_topic.name;
    answers.topic_id = wanted_topic.topic_id;
    answers.partitions.reserve(wanted_topic.partitions.size());
    for (const Wanted& wanted : wanted_topic.partitions) {
      Answer& answer = answers.partitions.emplace_back();
      answer.partition_index = wanted.partition_index;
      answer.records = ByteChain();
      answer.error_code = by_id && topic == nullptr ? ErrorCode::kUnknownTopicId : check_partition(topic, wanted.partition_index);
      if (answer.error_code != ErrorCode::kNone) {
        answer.high_watermark = -1;
        has_errors = true;
        continue;
      }
      const GroupId group = topic->partitions[static_cast<std::size_t>(wanted.partition_index)];
      slots.push_back({.wanted = wanted, .topic = topic, .home = &context.broker.broker().home(group), .answer = &answer});
    }
  }
  return slots;
}

}  // namespace

runtime::Task<FetchResponse> Fetch::handle(const Context& context, FetchRequest request) {
  FetchResponse response;
  runtime::Loop& loop = context.shard().loop;
  const runtime::MonotonicTime deadline = loop.now() + std::chrono::milliseconds(std::max(request.max_wait_ms, 0));
  bool has_errors = false;
  std::vector<Slot> slots = lay_out(context, request, response, has_errors);
  const Pass fresh{.bytes_left = std::clamp<std::int64_t>(request.max_bytes, 0, kMaxBytes),
                   .is_committed_only = request.isolation_level == kReadCommitted};
  for (;;) {
    const Pass pass = co_await read_all(context, slots, fresh);
    if (has_errors || pass.has_errors || pass.bytes >= std::max(request.min_bytes, 0)) break;
    if (loop.now() >= deadline || context.cancellation.requested()) break;
    // An answer that is thrown away was by reference; reading it again finds it in the tail.
    co_await wait_for_change(context, watch(slots), deadline);
  }
  co_return response;
}

}  // namespace firth::kafka
