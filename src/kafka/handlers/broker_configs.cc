#include "kafka/handlers/broker_configs.h"

#include <fmt/core.h>

#include <chrono>

#include "broker/groups.h"
#include "kafka/frame.h"
#include "kafka/handlers/fetch.h"

namespace firth::kafka {
namespace {

using broker::ConfigType;

struct Synonym {
  std::string_view topic_config, broker_config;
};
constexpr Synonym kSynonyms[] = {
    {"cleanup.policy", "log.cleanup.policy"},
    {"compression.type", "compression.type"},
    {"index.interval.bytes", "log.index.interval.bytes"},
    {"max.message.bytes", "message.max.bytes"},
    {"message.timestamp.after.max.ms", "log.message.timestamp.after.max.ms"},
    {"message.timestamp.before.max.ms", "log.message.timestamp.before.max.ms"},
    {"message.timestamp.type", "log.message.timestamp.type"},
    {"min.insync.replicas", "min.insync.replicas"},
    {"retention.bytes", "log.retention.bytes"},
    {"retention.ms", "log.retention.ms"},
    {"segment.bytes", "log.segment.bytes"},
    {"segment.ms", "log.roll.ms"},
};

std::string text(bool value) { return value ? "true" : "false"; }

template <class Rep, class Period>
std::string in_ms(std::chrono::duration<Rep, Period> time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

// What is not the default of a topic's config.
struct Row {
  std::string_view name;
  ConfigType type;
  ConfigSource source;
  std::string_view documentation;
  std::string (*get)(const Face& face);
};
constexpr ConfigSource kServer = ConfigSource::kServer, kDefault = ConfigSource::kDefault;
constexpr Row kRows[] = {
    {"advertised.listeners", ConfigType::kString, kServer, "Where clients are told to connect to.",
     [](const Face& face) { return fmt::format("PLAINTEXT://{}:{}", face.settings.advertised_host, face.settings.advertised_port); }},
    {"auto.create.topics.enable", ConfigType::kBoolean, kServer, "Whether a topic that a client asks for by name is made.",
     [](const Face& face) { return text(face.settings.auto_create_topics); }},
    {"broker.id", ConfigType::kInt, kServer, "The id of this broker.", [](const Face&) { return std::to_string(kNodeId); }},
    {"default.replication.factor", ConfigType::kInt, kDefault, "Replicas of a topic that does not say.",
     [](const Face&) { return std::string("1"); }},
    {"delete.topic.enable", ConfigType::kBoolean, kDefault, "Whether topics can be deleted.", [](const Face&) { return text(true); }},
    {"fetch.max.bytes", ConfigType::kInt, kDefault, "The most that one fetch answers with, but for a single larger batch.",
     [](const Face&) { return std::to_string(Fetch::kMaxBytes); }},
    {"group.initial.rebalance.delay.ms", ConfigType::kInt, kDefault, "How long the first members of an empty group wait for others.",
     [](const Face& face) { return in_ms(face.groups->settings().initial_rebalance_delay); }},
    {"group.max.session.timeout.ms", ConfigType::kInt, kDefault, "The longest session that a member may ask for.",
     [](const Face& face) { return in_ms(face.groups->settings().max_session_timeout); }},
    {"group.max.size", ConfigType::kInt, kDefault, "The most members of a group.",
     [](const Face& face) { return std::to_string(face.groups->settings().max_members); }},
    {"group.min.session.timeout.ms", ConfigType::kInt, kDefault, "The shortest session that a member may ask for.",
     [](const Face& face) { return in_ms(face.groups->settings().min_session_timeout); }},
    {"node.id", ConfigType::kInt, kServer, "The id of this node.", [](const Face&) { return std::to_string(kNodeId); }},
    {"num.partitions", ConfigType::kInt, kServer, "Partitions of a topic that does not say.",
     [](const Face& face) { return std::to_string(face.settings.default_partitions); }},
    {"offset.metadata.max.bytes", ConfigType::kInt, kDefault, "The longest text that goes with a committed offset.",
     [](const Face& face) { return std::to_string(face.groups->settings().max_offset_metadata_bytes); }},
    {"offsets.retention.check.interval.ms", ConfigType::kLong, kDefault, "How often committed offsets that have expired are looked for.",
     [](const Face& face) { return in_ms(face.groups->settings().offsets_check_interval); }},
    {"offsets.retention.minutes", ConfigType::kInt, kDefault, "How long committed offsets stay when nobody is in their group.",
     [](const Face& face) {
       return std::to_string(std::chrono::duration_cast<std::chrono::minutes>(face.groups->settings().offsets_retention).count());
     }},
    {"offsets.topic.num.partitions", ConfigType::kInt, kDefault, "Partitions of __consumer_offsets.",
     [](const Face&) { return std::to_string(broker::kOffsetsPartitions); }},
    {"offsets.topic.replication.factor", ConfigType::kInt, kDefault, "Replicas of __consumer_offsets.",
     [](const Face&) { return std::string("1"); }},
    {"socket.request.max.bytes", ConfigType::kInt, kDefault, "The largest request.",
     [](const Face&) { return std::to_string(kDefaultMaxRequestBytes); }},
};

}  // namespace

std::vector<BrokerConfig> broker_configs(const Face& face) {
  std::vector<BrokerConfig> configs;
  for (const Row& row : kRows)
    configs.push_back(
        {.name = row.name, .type = row.type, .source = row.source, .documentation = row.documentation, .value = row.get(face)});
  const broker::TopicConfig defaults = broker::kafka_defaults();
  for (const Synonym& row : kSynonyms) {
    const broker::ConfigField& field = *broker::find_config_field(row.topic_config);
    configs.push_back({.name = row.broker_config,
                       .type = field.type,
                       .source = kDefault,
                       .documentation = field.documentation,
                       .value = field.get(defaults)});
  }
  return configs;
}

std::string_view broker_synonym(std::string_view topic_config) {
  for (const Synonym& row : kSynonyms)
    if (row.topic_config == topic_config) return row.broker_config;
  return {};
}

}  // namespace firth::kafka
