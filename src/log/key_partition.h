// Which partition a record with a key belongs to, as Kafka's own clients decide: murmur2 of the key. A NATS message that a topic of several
// partitions captures goes where a Kafka producer would put it.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/ids.h"

namespace firth::log {

// Kafka's variant: 32 bits, little-endian, one fixed seed.
std::uint32_t murmur2(ByteView bytes);

// REQUIRES: partition_count > 0.
PartitionIndex partition_of_key(ByteView key, std::int32_t partition_count);

}  // namespace firth::log
