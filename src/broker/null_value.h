// A record without a value (Kafka's tombstone) on the NATS side, where there is no such thing: an empty payload and a header that says so
// (docs/one-log.md, "Headers, values, time").
//
//   in a bucket   KV-Operation: DEL or PURGE      the marker that the official clients write and read
//   elsewhere     Firth-Null-Value: true          reserved; it stands in no record
#pragma once

#include <string>
#include <string_view>

namespace firth::broker {

inline constexpr std::string_view kNullValueHeader = "Firth-Null-Value";
inline constexpr std::string_view kOperationHeader = "KV-Operation";

enum class Keeps : bool { kMessages, kKeys };  // what a stream is: a bucket keeps keys

// The block of a message whose record has these headers and no value. A bucket's marker that says what it does stays as it is.
std::string mark_null_value(std::string block, Keeps keeps);

// Whether a message that is published with this block and an empty payload has no value, and the block to store if so.
bool asks_for_null_value(std::string_view block, Keeps keeps);
std::string without_null_mark(std::string_view block);

}  // namespace firth::broker
