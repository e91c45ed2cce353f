// Frames: an int32 size, a header, a message. Request header 1 is key, version, correlation id and client id; 2, of flexible versions, adds
// tagged fields. Response header 0 is the correlation id; 1 adds tagged fields, except for ApiVersions, which a client must be able to read
// whatever version it asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/byte_chain.h"
#include "base/bytes.h"
#include "kafka/api_key.h"
#include "kafka/codec_error.h"
#include "kafka/reader.h"
#include "kafka/writer.h"

namespace firth::kafka {

inline constexpr std::size_t kFrameSizeBytes = 4;
inline constexpr std::size_t kDefaultMaxRequestBytes = 100 << 20;  // Kafka's socket.request.max.bytes

enum class FrameState : std::uint8_t {
  kIncomplete,  // `bytes` says how many the whole frame has, kFrameSizeBytes while not even that is known
  kWhole,       // the first `bytes` bytes, size included, are a frame
  kBad,         // a size below zero or above the maximum: the connection cannot go on
};
struct FrameFront {
  FrameState state;
  std::size_t bytes;
};
FrameFront look_at_frame(ByteView received, std::size_t max_request_bytes);

struct RequestHeader {
  std::int16_t api_key = 0;  // may be one that Kafka does not have
  std::int16_t api_version = 0;
  std::int32_t correlation_id = 0;
  std::optional<std::string> client_id;
};

// Reads the header; `in`, over a frame without its size, then stands at the message. The header of an API that Kafka does not have, or of a
// version that it does not know, is read as far as it can be: what cannot be served still gets an answer or a log line with names.
CodecError read_request_header(Reader& in, RequestHeader& header);

// A response is begun, encoded, finished: the frame's size is known only then.
void begin_response(Writer& out, const RequestHeader& request);
ByteChain finish_frame(Writer&& out);

// The same for what we ask of others: requests of links and tests.
void begin_request(Writer& out, const RequestHeader& request);

}  // namespace firth::kafka
