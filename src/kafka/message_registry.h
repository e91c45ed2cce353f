// Every message of every schema, for what treats all alike: the round-trip test, the fuzz target, tools that print the wire.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kafka/api_key.h"
#include "kafka/codec_error.h"
#include "kafka/reader.h"
#include "kafka/writer.h"

namespace firth::kafka {

enum class MessageKind : std::uint8_t { kRequest, kResponse };

struct MessageRow {
  ApiKey key;
  MessageKind kind;
  std::string_view name;
  std::int16_t min_version, max_version, first_flexible;
  CodecError (*transcode)(Reader& in, Writer& out, std::int16_t version);  // decodes, and encodes what was decoded
  CodecError (*encode_default)(Writer& out, std::int16_t version);
};

template <class Message>
constexpr MessageRow message_row(std::string_view name, MessageKind kind) {
  return {.key = Message::kApiKey,
          .kind = kind,
          .name = name,
          .min_version = Message::kMinVersion,
          .max_version = Message::kMaxVersion,
          .first_flexible = Message::kFirstFlexible,
          .transcode =
              [](Reader& in, Writer& out, std::int16_t version) {
                Message message;
                const CodecError error = message.decode(in, version);
                return error == CodecError::kNone ? message.encode(out, version) : error;
              },
          .encode_default = [](Writer& out, std::int16_t version) { return Message().encode(out, version); }};
}

// By key, the request first.
std::span<const MessageRow> message_rows();

}  // namespace firth::kafka
