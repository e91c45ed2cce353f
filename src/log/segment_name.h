// How a segment is called and what the manifest must know of it. The file names are Kafka's, so that its dump tool reads them:
//
//   00000000000000001234.log      the batches from offset 1234 on, as they arrived (generation 0)
//   00000000000000001234.3.log    the same after the cleaner rewrote it for the third time; the tool takes what is before the first dot
//   ....index ....timeindex       Kafka's sparse indexes (offset_index.h, time_index.h)
//   ....seal                      of a closed one: what its bytes must be (segment_seal.h)
//   ....subjects                  subject column, if a stream needs it (subject_column.h)
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace firth::log {

struct SegmentName {
  Offset base;
  std::uint32_t generation = 0;
  auto operator<=>(const SegmentName&) const = default;
};

inline constexpr std::string_view kLogEnding = ".log";
inline constexpr std::string_view kOffsetIndexEnding = ".index";
inline constexpr std::string_view kTimeIndexEnding = ".timeindex";
inline constexpr std::string_view kSealEnding = ".seal";
inline constexpr std::string_view kSubjectsEnding = ".subjects";
inline constexpr std::string_view kSegmentEndings[] = {kLogEnding, kOffsetIndexEnding, kTimeIndexEnding, kSealEnding, kSubjectsEnding};

std::string segment_path(std::string_view directory, const SegmentName& name, std::string_view ending);
// The segment that a file in a partition's directory belongs to, if its ending is this one.
std::optional<SegmentName> parse_segment_file(std::string_view file, std::string_view ending);

inline constexpr std::int64_t kNoTimestamp = -1;

// A segment as the manifest lists it. Everything that can be asked without reading the segment follows from this.
struct SegmentDescription {
  SegmentName name;
  std::uint64_t length = 0;  // durable bytes; what the file holds beyond them does not exist
  Offset next_offset;        // after the last offset that this segment answers for, be it erased since
  std::int64_t max_timestamp_ms = kNoTimestamp;
  bool sealed = false;
  bool operator==(const SegmentDescription&) const = default;
};

}  // namespace firth::log
