// The seal of a closed segment: what its bytes, and those of its indexes, must be. Written once, after the last batch. Kafka's CRC of a
// batch does not cover all of its header, the seal does. Little-endian, 68 bytes:
//
//    0 magic "FSL1"    4 generation u32    8 base offset i64    16 length u64    24 next offset i64    32 greatest timestamp i64
//   40 batches u64    48 CRC of all batch headers u32    52 CRC of .index u32    56 CRC of .timeindex u32    60 zero u32
//   64 CRC of all before u32
#pragma once

#include <array>

#include "base/result.h"
#include "log/segment_index.h"
#include "log/segment_name.h"
#include "runtime/files.h"

namespace firth::log {

struct SegmentSeal {
  SegmentDescription segment;  // sealed
  HeaderSum headers;
  std::uint32_t offset_index_crc = 0;
  std::uint32_t time_index_crc = 0;
  bool operator==(const SegmentSeal&) const = default;

  static constexpr std::size_t kBytes = 68;
  std::array<std::byte, kBytes> encode() const;
  // kCorrupt: not a seal.
  static Result<SegmentSeal> decode(ByteView bytes);
};

// Of the segment; kNotFound: it has none. kCorrupt: damaged, or another segment's.
Result<SegmentSeal> read_seal(runtime::Files& files, std::string_view directory, const SegmentName& name);

}  // namespace firth::log
