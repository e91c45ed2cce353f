// Waiting until one of many partitions, on whatever shards, has released something beyond what was seen: by observers, never by polling.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <vector>

#include "kafka/handler.h"
#include "runtime/completion.h"

namespace firth::kafka {

struct Watched {
  broker::ShardBroker* home;
  broker::TopicPointer topic;
  PartitionIndex index;
  Offset seen;  // the high watermark then
};

// Resumes at the first change, at the deadline, or when the request is cancelled.
runtime::Task<> wait_for_change(const Context& context, std::vector<Watched> watched, runtime::MonotonicTime deadline);

}  // namespace firth::kafka
