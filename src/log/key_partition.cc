#include "log/key_partition.h"

#include "base/assert.h"

namespace firth::log {

std::uint32_t murmur2(ByteView bytes) {
  constexpr std::uint32_t kSeed = 0x9747B28C;
  constexpr std::uint32_t kMultiplier = 0x5BD1E995;
  constexpr int kShift = 24;
  std::uint32_t hash = kSeed ^ static_cast<std::uint32_t>(bytes.size());
  for (; bytes.size() >= 4; bytes = bytes.subspan(4)) {
    std::uint32_t word = load_le<std::uint32_t>(bytes.data()) * kMultiplier;
    word ^= word >> kShift;
    hash = hash * kMultiplier ^ word * kMultiplier;
  }
  if (!bytes.empty()) {
    std::uint32_t last = 0;
    std::memcpy(&last, bytes.data(), bytes.size());
    hash = (hash ^ last) * kMultiplier;
  }
  hash = (hash ^ hash >> 13) * kMultiplier;
  return hash ^ hash >> 15;
}

PartitionIndex partition_of_key(ByteView key, std::int32_t partition_count) {
  FIRTH_ASSERT(partition_count > 0);
  constexpr std::uint32_t kPositive = 0x7FFFFFFF;  // the sign bit is dropped, not the sign
  return PartitionIndex(static_cast<std::int32_t>((murmur2(key) & kPositive) % static_cast<std::uint32_t>(partition_count)));
}

}  // namespace firth::log
