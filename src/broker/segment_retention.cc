#include "broker/segment_retention.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/stream.h"
#include "log/acts.h"

namespace firth::broker {
namespace {

bool has_limits(const TopicConfig& config) {
  return config.cleanup_policy.remove && (config.retention_ms >= 0 || config.retention_bytes >= 0);
}

log::RetentionLimits limits_of(const TopicConfig& config, runtime::WallTime now) {
  log::RetentionLimits limits;
  const std::int64_t now_ms = std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count();
  if (config.retention_ms >= 0 && config.retention_ms <= now_ms) limits.oldest_ms = now_ms - config.retention_ms;
  if (config.retention_bytes >= 0) limits.max_bytes = static_cast<std::uint64_t>(config.retention_bytes);
  return limits;
}

}  // namespace

void SegmentRetention::start() {
  runtime::Loop& loop = broker_.shard().loop;
  loop.schedule(loop.now() + kInterval, [this] {
    begin_pass();
    start();
  });
}

// A pass that takes longer than the interval is not begun again before its end.
void SegmentRetention::begin_pass() {
  if (!waiting_.empty()) return;
  for (const auto& [id, topic] : broker_.catalog().by_id()) {
    if (!has_limits(topic->config)) continue;
    for (std::size_t i = 0; i < topic->partitions.size(); ++i)
      waiting_.push_back({.topic = topic, .index = PartitionIndex(static_cast<std::int32_t>(i)), .moved_to = std::nullopt});
  }
  go_on();
}

void SegmentRetention::go_on() {
  for (std::size_t count = 0; count < kPartitionsPerTurn && !waiting_.empty(); ++count) {
    Visit visit = std::move(waiting_.front());
    waiting_.pop_front();
    look_at(std::move(visit));
  }
  if (!waiting_.empty()) broker_.shard().loop.post([this] { go_on(); });
}

void SegmentRetention::look_at(Visit visit) {
  log::Partition* partition = broker_.local_partition(*visit.topic, visit.index);
  if (partition == nullptr || partition->is_fenced()) return;
  const Offset start = std::max(partition->log_start(), visit.moved_to.value_or(Offset(0)));
  Offset expired = partition->expired_end(limits_of(visit.topic->config, broker_.shard().loop.wall_now()));
  if (expired <= start) return;
  Stream* stream = broker_.stream_of(*partition);
  if (stream == nullptr) {
    if (auto moved = partition->act(log::EntryKind::kLogStart, log::encode_offset(expired)); !moved.ok())
      log_warning("{}: retention: {}", partition->directory(), moved.error().text);
    return;
  }
  expired = std::min(expired, start + kStreamMessagesPerTurn);
  stream->move_start(to_sequence(expired));
  waiting_.push_back({.topic = std::move(visit.topic), .index = visit.index, .moved_to = expired});
}

}  // namespace firth::broker
