// ListOffsets: the ends of a partition, and the first live record at or after a time.
#include "kafka/handlers/list_offsets.h"

#include "kafka/errors.h"
#include "kafka/handlers/topic_requests.h"
#include "log/compression.h"
#include "log/record.h"

namespace firth::kafka {
namespace {

using Wanted = ListOffsetsRequestPartition;
using Answer = ListOffsetsResponsePartition;

struct Slot {
  PartitionPlace place;
  Wanted wanted;
  Answer* answer;
  bool tells_epoch;
};

constexpr std::int64_t kLatest = -1, kEarliest = -2, kMaxTimestamp = -3, kEarliestLocal = -4, kLatestTiered = -5,
                       kEarliestPendingUpload = -6;
constexpr std::int16_t kFirstWithEpoch = 4;
constexpr std::size_t kMaxRecordsBytes = std::size_t{256} << 20;

struct Found {
  Offset offset;
  std::int64_t timestamp_ms;
};

// Looks through whole batches for the first live record that satisfies `is_it`.
template <class IsIt>
Result<std::optional<Found>> find_record(const log::Partition& partition, ByteView batches, const IsIt& is_it) {
  log::Decompressor decompressor;
  std::vector<std::byte> plain;
  while (log::look_at_batch(batches) == log::BatchFront::kWhole) {
    const log::BatchView batch(batches.first(log::BatchView(batches).size()));
    batches = batches.subspan(batch.size());
    ByteView records = batch.records();
    if (batch.codec() != log::Codec::kNone) {
      FIRTH_CHECK(decompressor.decompress(batch.codec(), records, kMaxRecordsBytes, plain));
      records = plain;
    }
    log::RecordReader reader(batch, records);
    log::RecordView record;
    while (reader.next(record) == log::ReadStep::kRead)
      if (!batch.is_control() && !partition.is_erased(record.offset) && is_it(record))
        return std::optional(Found{record.offset, record.timestamp_ms});
  }
  return std::optional<Found>();
}

Result<std::optional<Found>> find_time(log::Partition& partition, std::int64_t timestamp_ms) {
  const Offset bound = partition.high_watermark();
  FIRTH_TRY(const auto place, partition.find_time(timestamp_ms, bound));
  if (!place.has_value()) return std::optional<Found>();
  const auto is_late_enough = [&](const log::RecordView& record) { return record.timestamp_ms >= timestamp_ms; };
  FIRTH_TRY(auto found, find_record(partition, place->batches.view(), is_late_enough));
  // Erased, or earlier than their batch says: the next ones.
  for (Offset from = place->next_offset; !found.has_value() && from < bound;) {
    FIRTH_TRY(const log::LogRead read, partition.read_raw({.from = from, .bound = bound}));
    if (read.next_offset == from) break;
    for (const SharedBytes& batches : read.batches) {
      FIRTH_TRY(found, find_record(partition, batches.view(), is_late_enough));
      if (found.has_value()) break;
    }
    from = read.next_offset;
  }
  return found;
}

// The first record with the greatest timestamp, by the batches' own words.
Result<std::optional<Found>> find_max_time(log::Partition& partition) {
  const Offset bound = partition.high_watermark();
  std::int64_t greatest = -1;
  for (Offset from = partition.log_start(); from < bound;) {
    FIRTH_TRY(const log::LogRead read, partition.read_raw({.from = from, .bound = bound}));
    if (read.next_offset == from) break;
    for (const SharedBytes& batches : read.batches)
      for (ByteView rest = batches.view(); log::look_at_batch(rest) == log::BatchFront::kWhole;
           rest = rest.subspan(log::BatchView(rest).size()))
        greatest = std::max(greatest, log::BatchView(rest).max_timestamp_ms());
    from = read.next_offset;
  }
  if (greatest < 0) return std::optional<Found>();
  return find_time(partition, greatest);
}

Result<std::optional<Found>> find(log::Partition& partition, std::int64_t wanted) {
  switch (wanted) {
    case kLatest:
      return std::optional(Found{partition.high_watermark(), -1});
    case kEarliest:
    case kEarliestLocal:
    case kEarliestPendingUpload:
      return std::optional(Found{partition.log_start(), -1});
    case kLatestTiered:
      return std::optional<Found>();
    case kMaxTimestamp:
      return find_max_time(partition);
    default:
      return find_time(partition, wanted);
  }
}

void answer_slot(const Slot& slot) {
  Answer& answer = *slot.answer;
  log::Partition* partition = slot.place.partition();
  answer.error_code = check_current(partition, slot.wanted.current_leader_epoch);
  if (answer.error_code != ErrorCode::kNone) return;
  const auto found = find(*partition, slot.wanted.timestamp);
  if (!found.ok()) {
    answer.error_code = to_kafka(found.error().code);
  } else if (found->has_value()) {
    answer.offset = (*found)->offset.value();
    answer.timestamp = (*found)->timestamp_ms;
    if (slot.tells_epoch) answer.leader_epoch = partition->state().epoch().value();
  }
}

runtime::Task<bool> answer_there(std::vector<Slot*> slots) {
  for (const Slot* slot : slots) answer_slot(*slot);
  co_return true;
}

}  // namespace

runtime::Task<ListOffsetsResponse> ListOffsets::handle(const Context& context, ListOffsetsRequest request) {
  ListOffsetsResponse response;
  std::vector<Slot> slots;
  const bool tells_epoch = context.api_version >= kFirstWithEpoch;
  lay_out(context, kNeverById, request, response, [&](const Wanted& wanted, PartitionPlace place, Answer& answer) {
    answer.error_code = place.error;
    if (place.error == ErrorCode::kNone)
      slots.push_back({.place = std::move(place), .wanted = wanted, .answer = &answer, .tells_epoch = tells_epoch});
  });
  co_await run_on_homes(context, slots, answer_there);
  co_return response;
}

}  // namespace firth::kafka
