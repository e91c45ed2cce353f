// Batches for tests of what handles whole batches: a true header and CRC around bytes that are no records.
#pragma once

#include <vector>

#include "log/batch_header.h"

namespace firth::test {

struct OpaqueBatch {
  std::int64_t base_offset = 0;
  std::int32_t offsets = 1;
  std::size_t record_bytes = 40;
  std::int64_t timestamp_ms = 1'000;
  std::int32_t epoch = 1;
};

inline std::vector<std::byte> make_batch(const OpaqueBatch& fields) {
  std::vector<std::byte> bytes(log::kBatchHeaderBytes + fields.record_bytes);
  std::byte* const to = bytes.data();
  store_be(to + 8, static_cast<std::int32_t>(bytes.size() - log::kBatchLengthEnd));
  store_be(to + 16, log::kBatchMagic);
  store_be(to + 23, fields.offsets - 1);
  store_be(to + 27, fields.timestamp_ms);
  store_be(to + 35, fields.timestamp_ms);
  store_be(to + 43, std::int64_t{-1});
  store_be(to + 51, log::kNoEpoch);
  store_be(to + 53, std::int32_t{-1});
  store_be(to + 57, fields.offsets);
  for (std::size_t i = 0; i < fields.record_bytes; ++i)
    bytes[log::kBatchHeaderBytes + i] = static_cast<std::byte>(i * 31 + static_cast<std::size_t>(fields.base_offset));
  store_be(to + 17, crc32c(ByteView(bytes).subspan(log::kBatchCrcBegin)));
  log::stamp_batch(bytes, Offset(fields.base_offset), LeaderEpoch(fields.epoch));
  return bytes;
}

}  // namespace firth::test
