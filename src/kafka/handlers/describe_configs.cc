// DescribeConfigs: every field of a topic's config that has a name in Kafka, and what the broker does, each with its documentation and
// where its value comes from.
#include "kafka/handlers/describe_configs.h"

#include <fmt/core.h>

#include <algorithm>

#include "kafka/handlers/broker_configs.h"

namespace firth::kafka {
namespace {

constexpr std::int8_t kTopicResource = 2, kBrokerResource = 4;

bool is_wanted(const DescribeConfigsRequestResource& wanted, std::string_view name) {
  return !wanted.configuration_keys.has_value() || wanted.configuration_keys->empty() ||
         std::ranges::find(*wanted.configuration_keys, name) != wanted.configuration_keys->end();
}

using Described = DescribeConfigsResponseResult;
using Entry = DescribeConfigsResponseConfig;

void describe_topic(const broker::TopicConfig& config, const DescribeConfigsRequest& request, const DescribeConfigsRequestResource& wanted,
                    Described& result) {
  const broker::TopicConfig defaults = config.origin == broker::Origin::kNats ? broker::stream_defaults() : broker::kafka_defaults();
  for (const broker::ConfigField& field : broker::config_fields()) {
    if (!is_wanted(wanted, field.name)) continue;
    Entry& entry = result.configs.emplace_back();
    const std::string by_default = field.get(defaults);
    entry.name = field.name;
    entry.value = field.get(config);
    const bool is_default = *entry.value == by_default;
    entry.config_source = static_cast<std::int8_t>(is_default ? ConfigSource::kDefault : ConfigSource::kTopic);
    entry.config_type = static_cast<std::int8_t>(field.type);
    if (request.include_documentation) entry.documentation = field.documentation;
    if (!request.include_synonyms) continue;
    // Where a value would come from, the first that has one before the others.
    if (!is_default)
      entry.synonyms.push_back({.name = entry.name, .value = entry.value, .source = static_cast<std::int8_t>(ConfigSource::kTopic)});
    if (const std::string_view synonym = broker_synonym(field.name); !synonym.empty())
      entry.synonyms.push_back(
          {.name = std::string(synonym), .value = by_default, .source = static_cast<std::int8_t>(ConfigSource::kDefault)});
  }
}

void describe_broker(const Face& face, const DescribeConfigsRequest& request, const DescribeConfigsRequestResource& wanted,
                     Described& result) {
  for (const BrokerConfig& config : broker_configs(face)) {
    if (!is_wanted(wanted, config.name)) continue;
    Entry& entry = result.configs.emplace_back();
    entry.name = config.name;
    entry.value = config.value;
    entry.read_only = true;
    entry.config_source = static_cast<std::int8_t>(config.source);
    entry.config_type = static_cast<std::int8_t>(config.type);
    if (request.include_documentation) entry.documentation = config.documentation;
    if (request.include_synonyms) entry.synonyms.push_back({.name = entry.name, .value = entry.value, .source = entry.config_source});
  }
}

void refuse(Described& result, ErrorCode code, std::string text) {
  result.error_code = code;
  result.error_message = std::move(text);
}

void describe(const Context& context, const DescribeConfigsRequest& request, const DescribeConfigsRequestResource& wanted,
              Described& result) {
  const std::string& name = wanted.resource_name;
  if (wanted.resource_type == kTopicResource) {
    if (const broker::TopicPointer topic = context.topic(name); topic != nullptr)
      return describe_topic(topic->config, request, wanted, result);
    if (const auto legal = broker::check_topic_name(name); !legal.ok())
      return refuse(result, ErrorCode::kInvalidTopicException, legal.error().text);
    return refuse(result, ErrorCode::kUnknownTopicOrPartition, "This server does not host this topic-partition.");
  }
  if (wanted.resource_type == kBrokerResource) {
    if (name.empty()) return;  // what was set for all brokers while they run: nothing can be
    if (name == std::to_string(kNodeId)) return describe_broker(context.face, request, wanted, result);
    return refuse(result, ErrorCode::kInvalidRequest,
                  fmt::format("Unexpected broker id, expected {} or empty string, but received {}", kNodeId, name));
  }
  refuse(result, ErrorCode::kInvalidRequest,
         fmt::format("No configs are kept for resource type {} name '{}'.", wanted.resource_type, name));
}

}  // namespace

runtime::Task<DescribeConfigsResponse> DescribeConfigs::handle(const Context& context, DescribeConfigsRequest request) {
  DescribeConfigsResponse response;
  for (const auto& wanted : request.resources) {
    Described& result = response.results.emplace_back();
    result.resource_type = wanted.resource_type;
    result.resource_name = wanted.resource_name;
    describe(context, request, wanted, result);
  }
  co_return response;
}

}  // namespace firth::kafka
