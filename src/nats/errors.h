// The errors of the client protocol, chosen here and nowhere else. Clients match the texts: they are data, not prose.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace firth::nats {

enum class ProtocolError : std::uint8_t {
  kNone,
#define FIRTH_NATS_ERROR(name, text, fate) name,
#include "nats/errors.def"
#undef FIRTH_NATS_ERROR
};

enum class Fate : std::uint8_t { kStays, kCloses };

// Without quotes; "" if the connection closes without -ERR.
std::string_view text_of(ProtocolError error);
Fate fate_of(ProtocolError error);
// For log lines.
std::string_view name_of(ProtocolError error);

// "-ERR '<text>'\r\n"; nothing if the text is empty.
std::string error_line(std::string_view text);
std::string error_line(ProtocolError error);

// The texts that name a subject; the connection stays.
std::string publish_violation(std::string_view subject);
std::string reply_violation(std::string_view reply);
std::string subscription_violation(std::string_view subject, std::string_view queue);
std::string too_many_tokens(std::string_view subject);

}  // namespace firth::nats
