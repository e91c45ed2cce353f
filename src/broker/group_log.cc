#include "broker/group_log.h"

#include <chrono>
#include <optional>

#include "broker/group_offsets.h"
#include "log/batch_builder.h"

namespace firth::broker {

GroupRecords::GroupRecords(runtime::WallTime now)
    : now_ms_(std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count()) {}

Result<void> GroupRecords::append_to(log::Partition& partition) const {
  if (records_.empty()) return {};
  FIRTH_CHECK(GroupOffsets::begin(partition));
  for (std::size_t at = 0; at != records_.size();) {
    std::vector<std::byte> bytes;
    log::BatchBuilder batch(bytes, {.base_timestamp_ms = now_ms_});
    do {
      const Record& record = records_[at++];
      const auto value = record.value ? std::optional<ByteView>(*record.value) : std::nullopt;
      batch.append({.timestamp_ms = now_ms_, .key = ByteView(record.key), .value = value, .headers = {}});
    } while (at != records_.size() && batch.size() < kMaxBatchBytes);
    const Result<Offset> appended = partition.append(SharedBytes::copy(batch.finish()));
    if (!appended.ok()) return appended.error();
  }
  return {};
}

}  // namespace firth::broker
