// What a consumer is asked to do: how it starts, what it delivers, how that is acknowledged. Of it a JetStream ConsumerConfig is the JSON
// form (jetstream/consumer_json.h). Defaults are those of an absent field; the face fills in what depends on others.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "broker/ack_tracker.h"

namespace firth::broker {

enum class DeliverPolicy : std::uint8_t { kAll, kLast, kNew, kByStartSequence, kByStartTime, kLastPerSubject };  // on disk
enum class ReplayPolicy : std::uint8_t { kInstant, kOriginal };                                                  // on disk

struct ConsumerConfig {
  std::string name;
  std::string durable_name;  // "": an ephemeral one
  std::string description;
  DeliverPolicy deliver_policy = DeliverPolicy::kAll;
  std::uint64_t start_sequence = 0;
  std::int64_t start_time_ns = 0;  // since 1970
  AckTracker::Policy ack_policy = AckTracker::Policy::kNone;
  std::chrono::nanoseconds ack_wait{0};
  std::int64_t max_deliver = 0;
  std::vector<std::chrono::nanoseconds> backoff;
  std::vector<std::string> filters;
  bool several_filters = false;  // given as a list, and shown as one
  ReplayPolicy replay_policy = ReplayPolicy::kInstant;
  std::uint64_t rate_limit_bps = 0;
  std::string sample_frequency;
  std::int64_t max_waiting = 0;
  std::int64_t max_ack_pending = 0;
  bool flow_control = false;
  bool headers_only = false;
  std::int64_t max_batch = 0;
  std::chrono::nanoseconds max_expires{0};
  std::int64_t max_bytes = 0;
  std::chrono::nanoseconds idle_heartbeat{0};
  std::string deliver_subject;  // "": messages are pulled
  std::string deliver_group;
  std::chrono::nanoseconds inactive_threshold{0};
  std::int64_t replicas = 0;
  bool memory_storage = false;
  std::map<std::string, std::string> metadata;

  bool is_push() const { return !deliver_subject.empty(); }
  bool operator==(const ConsumerConfig&) const = default;
};

void encode(const ConsumerConfig& config, log::ByteWriter& to);
// kCorrupt, or kUnsupported for what a later version wrote.
Result<ConsumerConfig> decode_consumer_config(ByteView bytes);

}  // namespace firth::broker
