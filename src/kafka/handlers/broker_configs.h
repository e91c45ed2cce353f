// The configs that tools ask the broker for, by Kafka's names: what this server does, read only. And under which of those names the default
// of a topic's config stands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "broker/topic_config.h"
#include "kafka/face.h"

namespace firth::kafka {

// Where a value comes from, as DescribeConfigs and CreateTopics say it.
enum class ConfigSource : std::int8_t { kTopic = 1, kServer = 4, kDefault = 5 };

struct BrokerConfig {
  std::string_view name;
  broker::ConfigType type;
  ConfigSource source;
  std::string_view documentation;
  std::string value;
};
std::vector<BrokerConfig> broker_configs(const Face& face);

// "log.retention.ms" for "retention.ms"; empty: Kafka has none.
std::string_view broker_synonym(std::string_view topic_config);

}  // namespace firth::kafka
