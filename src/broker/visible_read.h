// What a Kafka consumer is sent of a partition: live batches, and the rule of holes (docs/one-log.md, "Reading"). A fetch inside a hole
// gets the next live batch; if nothing live lies below the bound it gets one marker at the hole's last offset, so that its position reaches
// the end. Never nothing while there are offsets to pass.
#pragma once

#include <vector>

#include "log/partition.h"

namespace firth::broker {

struct VisibleRead {
  std::vector<SharedBytes> batches;  // each holds whole batches
  std::size_t bytes = 0;
};

// REQUIRES: log start <= from <= bound <= high watermark. Empty only if from is the bound. On the partition's shard.
Result<VisibleRead> read_visible(log::Partition& partition, const log::ReadRequest& request);

}  // namespace firth::broker
