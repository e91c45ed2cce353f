#include "kafka/java_hash.h"

#include <bit>
#include <limits>

#include "base/assert.h"

namespace firth::kafka {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Takes one code point from the front of `text`. REQUIRES: it is not empty.
char32_t take_code_point(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  if (first < 0x80) return first;
  const auto length = static_cast<std::size_t>(std::countl_one(first));  // of the sequence
  if (length < 2 || length > 4 || text.size() < length - 1) return kReplacement;
  char32_t point = first & (0x7Fu >> length);
  for (std::size_t i = 0; i + 1 < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return kReplacement;
    point = point << 6 | (next & 0x3Fu);
  }
  text.remove_prefix(length - 1);
  return point;
}

}  // namespace

std::int32_t java_hash(std::string_view text) {
  std::uint32_t hash = 0;
  const auto add = [&](std::uint32_t unit) { hash = hash * 31 + unit; };
  while (!text.empty()) {
    const char32_t point = take_code_point(text);
    if (point < 0x10000) {
      add(point);
    } else {  // a surrogate pair
      add(0xD800 + ((point - 0x10000) >> 10));
      add(0xDC00 + ((point - 0x10000) & 0x3FF));
    }
  }
  return static_cast<std::int32_t>(hash);
}

PartitionIndex internal_partition(std::string_view id, std::int32_t partition_count) {
  FIRTH_ASSERT(partition_count > 0);
  const std::int32_t hash = java_hash(id);
  if (hash == std::numeric_limits<std::int32_t>::min()) return PartitionIndex(0);  // it has no absolute value; Kafka takes zero
  return PartitionIndex((hash < 0 ? -hash : hash) % partition_count);
}

}  // namespace firth::kafka
