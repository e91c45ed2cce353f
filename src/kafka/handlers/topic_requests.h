// What several handlers ask of topics.
#pragma once

#include <string>

#include "kafka/error_code.h"
#include "kafka/handler.h"

namespace firth::kafka {

// kNone, or Kafka's answer to a partition that is not there.
ErrorCode check_partition(const broker::TopicPointer& topic, std::int32_t index);

// The epoch that a client believes to be current, -1 for any, against the one that is.
ErrorCode check_epoch(std::int32_t claimed, LeaderEpoch current);

// A topic made with the server's defaults, or the one that is there.
runtime::Task<Result<broker::TopicPointer>> make_topic(const Context& context, std::string name);

}  // namespace firth::kafka
