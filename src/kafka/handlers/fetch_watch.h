// Waiting until one of many partitions, on whatever shards, has released something beyond what was seen: by observers, never by polling.
#pragma once

#include <vector>

#include "kafka/handlers/topic_requests.h"

namespace firth::kafka {

struct Watched {
  PartitionPlace place;
  Offset seen;  // the high watermark then
};

// Resumes at the first change, at the deadline, or when the request is cancelled.
runtime::Task<> wait_for_change(const Context& context, std::vector<Watched> watched, runtime::MonotonicTime deadline);

}  // namespace firth::kafka
