// Why bytes are no Kafka message, or a message has no form in a version. One byte: decoders run once per request.
#pragma once

#include <string_view>

namespace firth::kafka {

enum class [[nodiscard]] CodecError : unsigned char {
  kNone,
  kTruncated,          // a length or an integer reaches beyond the end
  kVarint,             // longer than its type allows
  kNull,               // null where this version has no null
  kStringLength,       // a string of more than 32,767 bytes
  kElements,           // more than kMaxElements array elements in one message
  kTags,               // more than kMaxTaggedFields tagged fields in one message
  kTagLength,          // a tagged field is longer or shorter than it says
  kVersion,            // the API has no such version
  kFieldNotInVersion,  // a field that this version lacks has a value that must not be lost
};

std::string_view to_string(CodecError error);

}  // namespace firth::kafka
