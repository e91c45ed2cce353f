// NATS header blocks and the headers of a log's record: one list of fields, in order, duplicates kept, written from either side and read
// back by the other exactly as it was.
//
//   block in the usual form     <->  one record header per field
//   any other block             <->  the same, and a last header kBlockHeader whose value is the block (an inline status, a missing
//                                    blank after ':', a line that is no field ...)
//   record header that a block  <->  the field "Firth-Header: name=value", both percent-encoded; without "=value" for a null value
//   cannot hold
//
// A record header is taken for kBlockHeader only if its block holds just the fields before it, so that nobody can smuggle in another.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firth::broker {

inline constexpr std::string_view kBlockHeader = "Firth-Block";
inline constexpr std::string_view kEscapedHeader = "Firth-Header";

struct RecordHeader {
  std::string name;
  std::optional<std::string> value;  // Kafka has null values
  bool operator==(const RecordHeader&) const = default;
};

// "" (no block) and an empty list are each other's image.
std::vector<RecordHeader> to_record_headers(std::string_view block);
std::string to_block(const std::vector<RecordHeader>& headers);

}  // namespace firth::broker
