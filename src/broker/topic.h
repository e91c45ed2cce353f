// A topic as the catalog knows it, and the rules of its name. A stream is a topic; docs/one-log.md, "Names".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "broker/topic_config.h"

namespace firth::broker {

inline constexpr std::string_view kDefaultAccount = "$G";

struct Topic {
  TopicId id;
  std::string account;
  std::string name;
  TopicConfig config;
  std::uint64_t version = 0;        // of the catalog, when it was last changed
  std::int64_t created_ns = 0;      // since 1970
  std::vector<GroupId> partitions;  // which group each partition lives in

  PartitionKey partition(PartitionIndex index) const { return {.topic = id, .partition = index}; }
};

// Topics that the server keeps for itself, one of each in an account: nobody else writes into them.
inline constexpr std::string_view kOffsetsTopic = "__consumer_offsets";
inline constexpr std::string_view kTransactionsTopic = "__transaction_state";
constexpr bool is_internal(std::string_view name) { return name == kOffsetsTopic || name == kTransactionsTopic; }

// Kafka's rule: 1 to 249 of [a-zA-Z0-9._-], not "." or "..". kInvalid, with Kafka's text.
Result<void> check_topic_name(std::string_view name);

// Names that differ only in '.' and '_' collide: both worlds refuse the second.
std::string collision_name(std::string_view name);

// The stream that JetStream shows for a partition of the topic: dots become '_'; partitions above 0 have "@p" behind.
std::string stream_name(std::string_view topic_name, PartitionIndex partition);

}  // namespace firth::broker
