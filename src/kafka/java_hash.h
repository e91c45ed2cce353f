// Java's hash of a String, by which Kafka spreads groups and transactional ids over the partitions of its internal topics.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ids.h"

namespace firth::kafka {

// Over the UTF-16 units of `text`, which is UTF-8; a byte that is not counts as U+FFFD.
std::int32_t java_hash(std::string_view text);

// The partition of __consumer_offsets that holds a group, of __transaction_state that holds a transactional id. REQUIRES: partition_count >
// 0.
PartitionIndex internal_partition(std::string_view id, std::int32_t partition_count);

}  // namespace firth::kafka
