#include "broker/topic_config.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/saturating.h"
#include "log/byte_io.h"
#include "subject/syntax.h"

namespace firth::broker {
namespace {

using Set = Result<void>;

constexpr std::string_view kCleanupPolicy = "cleanup.policy";

Error invalid(std::string_view name, std::string_view value, std::string_view why) {
  return {Errc::kInvalid, fmt::format("Invalid value {} for configuration {}: {}", value, name, why)};
}

Set parse_integer(std::string_view name, std::string_view value, std::int64_t least, std::int64_t& out) {
  std::int64_t parsed = 0;
  const auto [rest, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
  if (error != std::errc{} || rest != value.data() + value.size()) return invalid(name, value, "Not a number of type LONG");
  if (parsed < least) return invalid(name, value, fmt::format("Value must be at least {}", least));
  out = parsed;
  return {};
}

Set parse_bool(std::string_view name, std::string_view value, bool& out) {
  if (value != "true" && value != "false") return invalid(name, value, "Expected value to be either true or false");
  out = value == "true";
  return {};
}

std::vector<std::string> split_list(std::string_view text, char separator) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find(separator), text.size());
    std::string_view item = text.substr(0, length);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return items;
}

std::string join_list(const std::vector<std::string>& items, char separator) {
  std::string text;
  for (const std::string& item : items) {
    if (!text.empty()) text += separator;
    text += item;
  }
  return text;
}

template <class Enum>
struct Name {
  Enum value;
  std::string_view name;
};
constexpr Name<Compression> kCompressions[] = {{Compression::kProducer, "producer"}, {Compression::kUncompressed, "uncompressed"},
                                               {Compression::kGzip, "gzip"},         {Compression::kSnappy, "snappy"},
                                               {Compression::kLz4, "lz4"},           {Compression::kZstd, "zstd"}};
constexpr Name<TimestampType> kTimestampTypes[] = {{TimestampType::kCreateTime, "CreateTime"},
                                                   {TimestampType::kLogAppendTime, "LogAppendTime"}};
constexpr Name<Retention> kRetentions[] = {
    {Retention::kLimits, "limits"}, {Retention::kInterest, "interest"}, {Retention::kWorkQueue, "workqueue"}};
constexpr Name<Discard> kDiscards[] = {{Discard::kOld, "old"}, {Discard::kNew, "new"}};
constexpr Name<Storage> kStorages[] = {{Storage::kFile, "file"}, {Storage::kMemory, "memory"}};
constexpr Name<log::Durability> kDurabilities[] = {{log::Durability::kSync, "sync"}, {log::Durability::kOs, "os"}};
constexpr Name<Origin> kOrigins[] = {{Origin::kKafka, "kafka"}, {Origin::kNats, "nats"}};

template <class Enum, std::size_t N>
std::string name_of(const Name<Enum> (&names)[N], Enum value) {
  for (const auto& row : names)
    if (row.value == value) return std::string(row.name);
  FIRTH_ASSERT(value == names[0].value);  // an enumerator without a row
  return {};
}

template <class Enum, std::size_t N>
Set parse_name(std::string_view name, std::string_view value, const Name<Enum> (&names)[N], Enum& out) {
  std::string allowed;
  for (const auto& row : names) {
    if (row.name == value) {
      out = row.value;
      return {};
    }
    allowed += (allowed.empty() ? "" : ", ") + std::string(row.name);
  }
  return invalid(name, value, fmt::format("String must be one of: {}", allowed));
}

Set parse_retention_ms(TopicConfig& config, std::string_view value) {
  std::int64_t ms = 0;
  FIRTH_CHECK(parse_integer("retention.ms", value, -1, ms));
  if (config.origin == Origin::kKafka) config.retention_ms = ms;
  else if (ms == 0) return invalid("retention.ms", value, "On a stream it must be -1 or at least 1");
  else set_age_limit(config, to_nanoseconds(std::chrono::milliseconds(std::max<std::int64_t>(ms, 0))));
  return {};
}

std::string retention_ms_text(const TopicConfig& config) {
  if (config.origin == Origin::kKafka) return std::to_string(config.retention_ms);
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(config.max_age).count();
  return std::to_string(ms == 0 ? -1 : ms);
}

// A subject whatever the topic, the partition and the key are.
Set parse_subject_template(TopicConfig& config, std::string_view value) {
  std::string example(value);
  for (const std::string_view field : {"{topic}", "{partition}", "{key}"})
    for (std::size_t at = example.find(field); at != std::string::npos; at = example.find(field)) example.replace(at, field.size(), "x");
  if (!subject::is_valid_literal(example) || example.find_first_of("{}") != std::string::npos)
    return invalid("nats.subject", value, "It must be a subject, in which {topic}, {partition} and {key} may stand");
  config.subject_template = value;
  return {};
}

std::string cleanup_text(const CleanupPolicy& policy) {
  return policy.remove && policy.compact ? "compact,delete" : policy.compact ? "compact" : policy.remove ? "delete" : "";
}

Set parse_cleanup(TopicConfig& config, std::string_view value) {
  if (config.origin == Origin::kNats) return invalid(kCleanupPolicy, value, "On a stream it follows from the stream's limits");
  CleanupPolicy policy{.remove = false, .compact = false};
  for (const std::string& item : split_list(value, ',')) {
    if (item != "compact" && item != "delete") return invalid(kCleanupPolicy, item, "String must be one of: compact, delete");
    (item == "compact" ? policy.compact : policy.remove) = true;
  }
  config.cleanup_policy = policy;
  return {};
}

// A row whose value is an integer member, a bool member, an enumeration.
#define FIRTH_INTEGER(name, member, least, documentation)                                                  \
  ConfigField {                                                                                            \
    name, ConfigType::kLong, documentation, [](const TopicConfig& c) { return std::to_string(c.member); }, \
        [](TopicConfig& c, std::string_view v) -> Set { return parse_integer(name, v, least, c.member); }  \
  }
#define FIRTH_BOOL(name, member, documentation)                                                                               \
  ConfigField {                                                                                                               \
    name, ConfigType::kBoolean, documentation, [](const TopicConfig& c) { return std::string(c.member ? "true" : "false"); }, \
        [](TopicConfig& c, std::string_view v) -> Set { return parse_bool(name, v, c.member); }                               \
  }
#define FIRTH_NAME(name, member, names, documentation)                                                       \
  ConfigField {                                                                                              \
    name, ConfigType::kString, documentation, [](const TopicConfig& c) { return name_of(names, c.member); }, \
        [](TopicConfig& c, std::string_view v) -> Set { return parse_name(name, v, names, c.member); }       \
  }
#define FIRTH_NANOSECONDS(name, member, documentation)                                                             \
  ConfigField {                                                                                                    \
    name, ConfigType::kLong, documentation, [](const TopicConfig& c) { return std::to_string(c.member.count()); }, \
        [](TopicConfig& c, std::string_view v) -> Set {                                                            \
          std::int64_t count = 0;                                                                                  \
          FIRTH_CHECK(parse_integer(name, v, 0, count));                                                           \
          c.member = std::chrono::nanoseconds(count);                                                              \
          return {};                                                                                               \
        }                                                                                                          \
  }

std::string get_origin(const TopicConfig& config) { return name_of(kOrigins, config.origin); }
Set set_origin(TopicConfig& config, std::string_view value) { return parse_name("nats.origin", value, kOrigins, config.origin); }

}  // namespace

const std::vector<ConfigField>& config_fields() {
  static const std::vector<ConfigField> kFields = {
      {kCleanupPolicy, ConfigType::kList, "Whether old segments are deleted, older records of a key removed, or both.",
       [](const TopicConfig& c) { return cleanup_text(shown_cleanup_policy(c)); }, parse_cleanup},
      FIRTH_NAME("compression.type", compression, kCompressions, "The codec that batches have on disk; producer: as they came."),
      FIRTH_NAME("durability", durability, kDurabilities,
                 "When a write is acknowledged: once it is on disk (sync), or once the operating system has it (os)."),
      FIRTH_INTEGER("index.interval.bytes", index_interval_bytes, 0, "One index entry for each so many bytes of batches."),
      FIRTH_INTEGER("max.message.bytes", max_message_bytes, 0, "The largest batch, as it is on the wire."),
      FIRTH_INTEGER("message.timestamp.after.max.ms", timestamp_after_max_ms, 0, "How far a CreateTime may lie in the future."),
      FIRTH_INTEGER("message.timestamp.before.max.ms", timestamp_before_max_ms, 0, "How far a CreateTime may lie in the past."),
      FIRTH_NAME("message.timestamp.type", timestamp_type, kTimestampTypes, "Whose clock stamps records: the producer's or the server's."),
      FIRTH_INTEGER("min.insync.replicas", min_insync_replicas, 1, "Replicas that must have a write before acks=all is answered."),
      FIRTH_NAME("nats.discard", discard, kDiscards, "What a full stream does: remove the oldest message, or refuse the new one."),
      FIRTH_BOOL("nats.deliver", deliver, "Whether records that Kafka clients write reach core NATS subscribers."),
      FIRTH_BOOL("nats.deny.delete", deny_delete, "Whether deleting single messages is refused."),
      FIRTH_BOOL("nats.deny.purge", deny_purge, "Whether purging is refused."),
      FIRTH_NANOSECONDS("nats.duplicate.window.ns", duplicate_window, "For how long a Nats-Msg-Id is remembered."),
      FIRTH_INTEGER("nats.max.bytes", max_bytes, -1, "Bytes that the stream keeps, by JetStream's formula."),
      FIRTH_INTEGER("nats.max.consumers", max_consumers, -1, "Consumers that the stream may have."),
      FIRTH_INTEGER("nats.max.msg.size", max_msg_size, -1, "The largest message, before compression."),
      FIRTH_INTEGER("nats.max.msgs", max_msgs, -1, "Messages that the stream keeps."),
      FIRTH_INTEGER("nats.max.msgs.per.subject", max_msgs_per_subject, -1, "Messages that the stream keeps of each subject."),
      FIRTH_NAME("nats.retention", retention, kRetentions, "When messages go: by limits, when nobody is interested, when acknowledged."),
      FIRTH_NAME("nats.storage", storage, kStorages, "Where the stream is kept."),
      {"nats.subject", ConfigType::kString, "The subject of records that Kafka clients write, a template.",
       [](const TopicConfig& c) { return c.subject_template; }, parse_subject_template},
      {"nats.subjects", ConfigType::kList, "The subjects whose NATS messages the topic captures.",
       [](const TopicConfig& c) { return join_list(c.subjects, ','); },
       [](TopicConfig& c, std::string_view v) -> Set {
         c.subjects = split_list(v, ',');
         return {};
       }},
      FIRTH_INTEGER("retention.bytes", retention_bytes, -1, "Bytes of a partition above which its oldest segments are deleted."),
      {"retention.ms", ConfigType::kLong, "Age after which records go: by segment, of its newest record; on streams one by one.",
       retention_ms_text, parse_retention_ms},
      FIRTH_INTEGER("segment.bytes", segment_bytes, 1 << 20, "The size of a segment file."),
      FIRTH_INTEGER("segment.ms", segment_ms, 1, "The age after which a new segment is begun."),
  };
  return kFields;
}

namespace {

// Fields that no Kafka client sees under a name of their own, for the encoding only.
const std::vector<ConfigField>& hidden_fields() {
  static const std::vector<ConfigField> kFields = {
      {"description", ConfigType::kString, "", [](const TopicConfig& c) { return c.description; },
       [](TopicConfig& c, std::string_view v) -> Set {
         c.description = v;
         return {};
       }},
      {"first_seq", ConfigType::kLong, "", [](const TopicConfig& c) { return std::to_string(c.first_seq); },
       [](TopicConfig& c, std::string_view v) -> Set {
         std::int64_t value = 0;
         FIRTH_CHECK(parse_integer("first_seq", v, 0, value));
         c.first_seq = static_cast<std::uint64_t>(value);
         return {};
       }},
      FIRTH_NANOSECONDS("max_age", max_age, ""),  // exact, where retention.ms has milliseconds
      // Exact, where nats.subjects would be split at a subject's own comma; no subject has a blank.
      {"subjects", ConfigType::kList, "",
       [](const TopicConfig& c) {
         const bool has_comma = std::ranges::any_of(c.subjects, [](const std::string& subject) { return subject.contains(','); });
         return has_comma ? join_list(c.subjects, ' ') : std::string();
       },
       [](TopicConfig& c, std::string_view v) -> Set {
         c.subjects = split_list(v, ' ');
         return {};
       }},
      FIRTH_BOOL("discard_new_per_subject", discard_new_per_subject, ""),
      FIRTH_BOOL("no_ack", no_ack, ""),
      FIRTH_BOOL("allow_direct", allow_direct, ""),
      FIRTH_BOOL("mirror_direct", mirror_direct, ""),
      FIRTH_BOOL("sealed", sealed, ""),
      FIRTH_BOOL("allow_rollup_hdrs", allow_rollup_hdrs, ""),
      FIRTH_INTEGER("replicas", replicas, 1, ""),
  };
  return kFields;
}

}  // namespace

#undef FIRTH_INTEGER
#undef FIRTH_BOOL
#undef FIRTH_NAME
#undef FIRTH_NANOSECONDS

const ConfigField* find_config_field(std::string_view name) {
  const auto& fields = config_fields();
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const ConfigField& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

std::chrono::nanoseconds age_limit(const TopicConfig& config) {
  if (config.origin == Origin::kNats) return config.max_age;
  if (config.retention_ms < 0) return std::chrono::nanoseconds(0);
  return to_nanoseconds(std::chrono::milliseconds(std::max<std::int64_t>(config.retention_ms, 1)));
}

void set_age_limit(TopicConfig& config, std::chrono::nanoseconds limit) {
  FIRTH_ASSERT(limit.count() >= 0);
  if (config.origin == Origin::kNats) config.max_age = limit;
  else config.retention_ms = limit.count() == 0 ? -1 : std::chrono::ceil<std::chrono::milliseconds>(limit).count();
}

CleanupPolicy shown_cleanup_policy(const TopicConfig& config) {
  if (config.origin == Origin::kKafka) return config.cleanup_policy;
  if (config.max_msgs_per_subject <= 0) return {.remove = true, .compact = false};
  return {.remove = config.max_age.count() > 0 || config.max_msgs > 0 || config.max_bytes > 0, .compact = true};
}

TopicConfig kafka_defaults() {
  TopicConfig config;
  config.duplicate_window = std::chrono::minutes(2);  // of what it captures
  return config;
}

TopicConfig stream_defaults() {
  TopicConfig config;
  config.origin = Origin::kNats;
  config.timestamp_type = TimestampType::kLogAppendTime;  // a producer's clock cannot break max_age
  config.deliver = true;
  config.retention_ms = -1;
  return config;
}

namespace {

bool follows_from_others(const ConfigField& field, const TopicConfig& config) {
  return config.origin == Origin::kNats && field.name == kCleanupPolicy;
}

}  // namespace

std::vector<std::byte> encode(const TopicConfig& config) {
  const TopicConfig defaults = config.origin == Origin::kNats ? stream_defaults() : kafka_defaults();
  log::ByteWriter out;
  out.prefixed(get_origin(config));
  std::vector<std::pair<std::string_view, std::string>> set;
  for (const auto* fields : {&config_fields(), &hidden_fields()})
    for (const ConfigField& field : *fields)
      if (std::string value = field.get(config); value != field.get(defaults) && !follows_from_others(field, config))
        set.emplace_back(field.name, std::move(value));
  out.varint(set.size());
  for (const auto& [name, value] : set) {
    out.prefixed(name);
    out.prefixed(value);
  }
  out.varint(config.metadata.size());
  for (const auto& [name, value] : config.metadata) {
    out.prefixed(name);
    out.prefixed(value);
  }
  return out.take();
}

Result<TopicConfig> decode_topic_config(ByteView bytes) {
  log::ByteReader in(bytes);
  TopicConfig config;
  FIRTH_CHECK(set_origin(config, in.text()));
  config = config.origin == Origin::kNats ? stream_defaults() : kafka_defaults();
  for (std::size_t left = in.count(2); left > 0; --left) {
    const std::string_view name = in.text();
    const std::string_view value = in.text();
    const ConfigField* field = find_config_field(name);
    for (const ConfigField& hidden : hidden_fields())
      if (hidden.name == name) field = &hidden;
    if (field == nullptr) return Error{Errc::kUnsupported, fmt::format("a config field \"{}\", which this server does not know", name)};
    FIRTH_CHECK(field->set(config, value));
  }
  for (std::size_t left = in.count(2); left > 0; --left) {
    std::string name(in.text());
    config.metadata[std::move(name)] = in.text();
  }
  if (!in.done()) return Error{Errc::kCorrupt, "a topic config is not of the form that is written"};
  return config;
}

log::PartitionSettings partition_settings(const TopicConfig& config) {
  log::PartitionSettings settings;
  settings.durability = config.durability;
  settings.segments.segment_bytes = static_cast<std::uint64_t>(config.segment_bytes);
  settings.segments.segment_ms = config.segment_ms;
  settings.segments.index_interval_bytes = static_cast<std::uint32_t>(config.index_interval_bytes);
  return settings;
}

}  // namespace firth::broker
