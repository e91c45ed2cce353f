// CreateTopics: one after the other, as an administrator asked for them.
#include "kafka/handlers/create_topics.h"

#include <fmt/core.h>

#include <map>
#include <utility>

#include "broker/captured_subjects.h"
#include "kafka/errors.h"
#include "kafka/handlers/broker_configs.h"
#include "kafka/handlers/refusal.h"

namespace firth::kafka {
namespace {

std::optional<Refusal> check_counts(const CreateTopicsRequestTopic& wanted) {
  if (!wanted.assignments.empty()) {
    if (wanted.num_partitions != -1 || wanted.replication_factor != -1)
      return Refusal{ErrorCode::kInvalidRequest, "Both numPartitions or replicationFactor and replicasAssignments were set."};
    for (std::size_t i = 0; i < wanted.assignments.size(); ++i)
      if (wanted.assignments[i].partition_index != static_cast<std::int32_t>(i) ||
          wanted.assignments[i].broker_ids != std::vector<std::int32_t>{kNodeId})
        return Refusal{ErrorCode::kInvalidReplicaAssignment, "The only broker is 1, and partitions are numbered from 0."};
    return std::nullopt;
  }
  if (wanted.num_partitions == 0 || wanted.num_partitions < -1)
    return Refusal{ErrorCode::kInvalidPartitions, "Number of partitions was set to an invalid non-positive value."};
  if (wanted.num_partitions > kMaxNewPartitions)
    return Refusal{ErrorCode::kInvalidPartitions, fmt::format("At most {} partitions can be made at once.", kMaxNewPartitions)};
  if (wanted.replication_factor == 0 || wanted.replication_factor < -1)
    return Refusal{ErrorCode::kInvalidReplicationFactor, "Replication factor must be larger than 0, or -1 to use the default value."};
  if (wanted.replication_factor > 1)
    return Refusal{
        ErrorCode::kInvalidReplicationFactor,
        fmt::format("Unable to replicate the partition {} time(s): only 1 broker(s) are registered.", wanted.replication_factor)};
  return std::nullopt;
}

std::optional<Refusal> set_configs(const CreateTopicsRequestTopic& wanted, broker::TopicConfig& config) {
  for (const auto& entry : wanted.configs) {
    const broker::ConfigField* field = broker::find_config_field(entry.name);
    if (field == nullptr) return Refusal{ErrorCode::kInvalidConfig, fmt::format("Unknown topic config name: {}", entry.name)};
    if (!entry.value.has_value())
      return Refusal{ErrorCode::kInvalidConfig, fmt::format("Null value not supported for topic configs: {}", entry.name)};
    if (const Result<void> set = field->set(config, *entry.value); !set.ok()) return Refusal{ErrorCode::kInvalidConfig, set.error().text};
  }
  return std::nullopt;
}

Refusal subjects_refused(std::string_view why) { return {ErrorCode::kInvalidConfig, fmt::format("nats.subjects: {}", why)}; }

std::optional<Refusal> check(const Context& context, const CreateTopicsRequestTopic& wanted, broker::TopicConfig& config) {
  if (const auto named = broker::check_topic_name(wanted.name); !named.ok())
    return Refusal{ErrorCode::kInvalidTopicException, named.error().text};
  if (const auto there = context.broker.catalog().find_collision(context.account, wanted.name); there != nullptr) {
    if (there->name == wanted.name) return Refusal{ErrorCode::kTopicAlreadyExists, fmt::format("Topic '{}' already exists.", wanted.name)};
    return Refusal{ErrorCode::kInvalidTopicException, fmt::format("Topic '{}' collides with existing topic: {}", wanted.name, there->name)};
  }
  if (auto refusal = check_counts(wanted)) return refusal;
  if (auto refusal = set_configs(wanted, config)) return refusal;
  if (const auto checked = broker::check_captured_subjects(config); !checked.ok()) return subjects_refused(checked.error().text);
  if (const auto other = find_subject_overlap(context.broker.catalog(), context.account, wanted.name, config); other != nullptr)
    return subjects_refused(fmt::format("they overlap with those of topic '{}'", other->name));
  return std::nullopt;
}

void describe(const broker::TopicConfig& config, CreateTopicsResponseTopic& answer) {
  auto& configs = answer.configs.emplace();
  const broker::TopicConfig defaults = broker::kafka_defaults();
  for (const broker::ConfigField& field : broker::config_fields()) {
    auto& entry = configs.emplace_back();
    entry.name = field.name;
    entry.value = field.get(config);
    entry.config_source = static_cast<std::int8_t>(*entry.value == field.get(defaults) ? ConfigSource::kDefault : ConfigSource::kTopic);
  }
}

}  // namespace

runtime::Task<CreateTopicsResponse> CreateTopics::handle(const Context& context, CreateTopicsRequest request) {
  CreateTopicsResponse response;
  std::map<std::string_view, int> times_named;
  for (const auto& wanted : request.topics) ++times_named[wanted.name];
  for (const auto& wanted : request.topics) {
    int& times = times_named[wanted.name];
    if (times == 0) continue;  // named twice, and refused already
    auto& answer = response.topics.emplace_back();
    answer.name = wanted.name;
    answer.error_message.reset();
    broker::TopicConfig config = broker::kafka_defaults();
    config.deliver = context.face.settings.deliver;
    std::optional<Refusal> refusal = check(context, wanted, config);
    if (std::exchange(times, 0) > 1) refusal = Refusal{ErrorCode::kInvalidRequest, "Duplicate topic name."};
    const std::int32_t partitions = !wanted.assignments.empty()   ? static_cast<std::int32_t>(wanted.assignments.size())
                                    : wanted.num_partitions == -1 ? context.face.settings.default_partitions
                                                                  : wanted.num_partitions;
    if (!refusal && !request.validate_only) {
      const Result<broker::TopicPointer> made = co_await context.broker.broker().create_topic(
          context.broker, {.account = context.account, .name = wanted.name, .partition_count = partitions, .config = config});
      if (made.ok()) answer.topic_id = (*made)->id;
      else if (made.error().code == Errc::kExists) refusal = Refusal{ErrorCode::kTopicAlreadyExists, made.error().text};
      else if (made.error().code == Errc::kConflict) refusal = subjects_refused(made.error().text);
      else refusal = Refusal{to_kafka(made.error().code), made.error().text};
    }
    if (refusal) {
      answer.error_code = refusal->code;
      answer.error_message = std::move(refusal->text);
      continue;
    }
    answer.num_partitions = partitions;
    answer.replication_factor = 1;
    describe(config, answer);
  }
  co_return response;
}

}  // namespace firth::kafka
