// DescribeConfigs: every field of a topic's config that has a name in Kafka, with its documentation and where its value comes from.
#include "kafka/handlers/describe_configs.h"

#include <fmt/core.h>

#include <algorithm>

#include "kafka/errors.h"

namespace firth::kafka {
namespace {

constexpr std::int8_t kTopicResource = 2, kBrokerResource = 4;
constexpr std::int8_t kFromTopic = 1, kFromDefaults = 5;

bool is_wanted(const DescribeConfigsRequestResource& wanted, std::string_view name) {
  return !wanted.configuration_keys.has_value() || wanted.configuration_keys->empty() ||
         std::ranges::find(*wanted.configuration_keys, name) != wanted.configuration_keys->end();
}

void describe(const broker::TopicConfig& config, const DescribeConfigsRequest& request, const DescribeConfigsRequestResource& wanted,
              DescribeConfigsResponseResult& result) {
  const broker::TopicConfig defaults = config.origin == broker::Origin::kNats ? broker::stream_defaults() : broker::kafka_defaults();
  for (const broker::ConfigField& field : broker::config_fields()) {
    if (!is_wanted(wanted, field.name)) continue;
    auto& entry = result.configs.emplace_back();
    entry.name = field.name;
    entry.value = field.get(config);
    entry.config_source = *entry.value == field.get(defaults) ? kFromDefaults : kFromTopic;
    entry.config_type = static_cast<std::int8_t>(field.type);
    if (request.include_documentation) entry.documentation = field.documentation;
    if (request.include_synonyms && entry.config_source == kFromTopic)
      entry.synonyms.push_back({.name = entry.name, .value = entry.value, .source = kFromTopic});
  }
}

}  // namespace

runtime::Task<DescribeConfigsResponse> DescribeConfigs::handle(const Context& context, DescribeConfigsRequest request) {
  DescribeConfigsResponse response;
  for (const auto& wanted : request.resources) {
    auto& result = response.results.emplace_back();
    result.resource_type = wanted.resource_type;
    result.resource_name = wanted.resource_name;
    if (wanted.resource_type == kTopicResource) {
      const broker::TopicPointer topic = context.topic(wanted.resource_name);
      if (topic != nullptr) {
        describe(topic->config, request, wanted, result);
      } else {
        result.error_code =
            broker::check_topic_name(wanted.resource_name).ok() ? ErrorCode::kUnknownTopicOrPartition : ErrorCode::kInvalidTopicException;
        result.error_message = std::string(error_row(result.error_code).text);
      }
    } else if (wanted.resource_type != kBrokerResource ||
               (!wanted.resource_name.empty() && wanted.resource_name != fmt::format("{}", kNodeId))) {
      result.error_code = ErrorCode::kInvalidRequest;
      result.error_message = fmt::format("No configs are kept for resource type {} name '{}'.", wanted.resource_type, wanted.resource_name);
    }
  }
  co_return response;
}

}  // namespace firth::kafka
