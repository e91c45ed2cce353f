// What a topic, which is a stream, is asked to do: one value, of which a Kafka topic config (names and strings) and a StreamConfig (JSON)
// are two encodings (docs/one-log.md, "Configuration"). Where the two worlds mean the same it is one field; where they mean nearly the
// same it is two, both enforced, each by its own meaning.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "log/partition.h"

namespace firth::broker {

// Who made the topic decides its defaults.
enum class Origin : std::uint8_t { kKafka, kNats };
enum class Retention : std::uint8_t { kLimits, kInterest, kWorkQueue };
enum class Discard : std::uint8_t { kOld, kNew };
enum class Storage : std::uint8_t { kFile, kMemory };
enum class TimestampType : std::uint8_t { kCreateTime, kLogAppendTime };
enum class Compression : std::uint8_t { kProducer, kUncompressed, kGzip, kSnappy, kLz4, kZstd };

struct CleanupPolicy {
  bool remove = true;  // `delete`
  bool compact = false;
  bool operator==(const CleanupPolicy&) const = default;
};

struct TopicConfig {
  Origin origin = Origin::kKafka;

  // Of a stream.
  std::vector<std::string> subjects;
  std::string description;
  Retention retention = Retention::kLimits;
  Discard discard = Discard::kOld;
  Storage storage = Storage::kFile;
  std::int64_t max_consumers = -1;
  std::int64_t max_msgs = -1;
  std::int64_t max_bytes = -1;
  std::int64_t max_msgs_per_subject = -1;
  std::int64_t max_msg_size = -1;
  std::chrono::nanoseconds max_age{0};  // 0: never; of a topic that Kafka made: see age_limit
  std::chrono::nanoseconds duplicate_window{0};
  std::uint64_t first_seq = 0;
  bool discard_new_per_subject = false;
  bool no_ack = false;
  bool allow_direct = false;
  bool mirror_direct = false;
  bool sealed = false;
  bool deny_delete = false;
  bool deny_purge = false;
  bool allow_rollup_hdrs = false;
  std::map<std::string, std::string> metadata;

  // Of both.
  std::int64_t replicas = 1;
  Compression compression = Compression::kProducer;
  log::Durability durability = log::Durability::kSync;

  // Of a Kafka topic.
  CleanupPolicy cleanup_policy;
  std::int64_t retention_ms = 604'800'000;  // -1: never; of a stream: see age_limit
  std::int64_t retention_bytes = -1;
  std::int64_t segment_bytes = std::int64_t{1} << 30;
  std::int64_t segment_ms = 604'800'000;
  std::int64_t index_interval_bytes = 4096;
  std::int64_t max_message_bytes = 1'048'588;
  std::int64_t min_insync_replicas = 1;
  TimestampType timestamp_type = TimestampType::kCreateTime;
  std::int64_t timestamp_before_max_ms = INT64_MAX;
  std::int64_t timestamp_after_max_ms = 3'600'000;
  bool deliver = false;                      // Kafka-born records reach core NATS subscribers
  std::string subject_template = "{topic}";  // of records that Kafka clients write into a topic that Kafka made

  bool operator==(const TopicConfig&) const = default;
};

// How old a message may get, 0: it never goes by age. One field of both worlds, retention.ms and max_age, kept by who made the topic: a
// stream is exact, a Kafka topic goes by segment. REQUIRES, to set it: not below 0.
std::chrono::nanoseconds age_limit(const TopicConfig& config);
void set_age_limit(TopicConfig& config, std::chrono::nanoseconds limit);

// What Kafka is told of how the topic is cleaned. On streams it follows from their limits, and cannot be set.
CleanupPolicy shown_cleanup_policy(const TopicConfig& config);

// The defaults of a topic that Kafka clients make, and of a stream.
TopicConfig kafka_defaults();
TopicConfig stream_defaults();

// One row a field that has a name in Kafka: what DescribeConfigs lists and CreateTopics sets.
enum class ConfigType : std::uint8_t { kBoolean = 1, kString = 2, kInt = 3, kLong = 5, kDouble = 6, kList = 7 };
struct ConfigField {
  std::string_view name;
  ConfigType type;
  std::string_view documentation;
  std::string (*get)(const TopicConfig&);
  Result<void> (*set)(TopicConfig&, std::string_view);  // kInvalid, with the text that a client gets
};
const std::vector<ConfigField>& config_fields();
const ConfigField* find_config_field(std::string_view name);

// For the catalog and for config acts: what differs from the defaults of its origin. decode: kCorrupt, or kUnsupported for a name that a
// later version wrote.
std::vector<std::byte> encode(const TopicConfig& config);
Result<TopicConfig> decode_topic_config(ByteView bytes);

// What the log must know of it.
log::PartitionSettings partition_settings(const TopicConfig& config);

}  // namespace firth::broker
