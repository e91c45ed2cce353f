// Any bytes as a key or value of __consumer_offsets: refused, or what encodes to a record that decodes to the same.
#include <cstdint>
#include <cstdlib>

#include "broker/group_records.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firth::broker;
  const firth::ByteView bytes = std::as_bytes(std::span(data, size));
  const GroupRecordKey key = decode_group_record_key(bytes);
  if (const auto* offset = std::get_if<OffsetKey>(&key); offset != nullptr && decode_group_record_key(encode(*offset)) != key) std::abort();
  if (const auto* group = std::get_if<GroupKey>(&key); group != nullptr && decode_group_record_key(encode(*group)) != key) std::abort();
  if (const auto value = decode_committed_offset(bytes); value.ok()) {
    const auto again = decode_committed_offset(encode(*value));
    if (!again.ok() || *again != *value) std::abort();
  }
  if (const auto value = decode_group_metadata(bytes); value.ok() && !decode_group_metadata(encode(*value)).ok()) std::abort();
  return 0;
}
