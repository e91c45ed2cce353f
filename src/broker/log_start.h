// Moving a partition's log start: what Kafka calls deleting records, and JetStream purging up to a sequence.
#pragma once

#include "broker/broker.h"

namespace firth::broker {

// Everything below `target` goes, for both faces; nothing happens if it is gone already. Durable once the partition is released. On the
// partition's shard. REQUIRES: target <= high watermark. kDenied: a stream that does not let go of its messages so. Else as Partition::act.
Result<void> move_log_start(ShardBroker& home, log::Partition& partition, Offset target);

}  // namespace firth::broker
