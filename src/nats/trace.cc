#include "nats/trace.h"

#include <fmt/core.h>

#include <algorithm>

namespace firth::nats {
namespace {

// The value of a string member of a JSON object is replaced; a client that hides it behind escapes in the name is not obliged.
void redact(std::string& json, std::string_view name) {
  const std::string member = fmt::format("\"{}\"", name);
  for (std::size_t at = json.find(member); at != std::string::npos; at = json.find(member, at)) {
    at += member.size();
    const std::size_t colon = json.find_first_not_of(" \t", at);
    if (colon == std::string::npos || json[colon] != ':') continue;
    const std::size_t open = json.find_first_not_of(" \t", colon + 1);
    if (open == std::string::npos || json[open] != '"') continue;
    std::size_t close = open + 1;
    while (close < json.size() && json[close] != '"') close += json[close] == '\\' ? 2 : 1;
    close = std::min(close, json.size());
    json.replace(open + 1, close - open - 1, "[REDACTED]");
  }
}

std::string with_reply(std::string_view verb, std::string_view subject, std::string_view reply) {
  return reply.empty() ? fmt::format("{} {}", verb, subject) : fmt::format("{} {} {}", verb, subject, reply);
}

std::string with_arguments(std::string_view verb, std::string_view arguments) {
  std::string text(arguments);
  for (const std::string_view secret : {"pass", "auth_token", "jwt", "sig"}) redact(text, secret);
  return text.empty() ? std::string(verb) : fmt::format("{} {}", verb, text);
}

}  // namespace

std::string traced(const Operation& operation) {
  const broker::Message& message = operation.message;
  switch (operation.verb) {
    case Verb::kPublish:
      if (!operation.has_headers) return fmt::format("{} {}", with_reply("PUB", message.subject, message.reply), message.payload.size());
      return fmt::format("{} {} {}", with_reply("HPUB", message.subject, message.reply), message.header_bytes, message.payload.size());
    case Verb::kSubscribe:
      return fmt::format("{} {}", with_reply("SUB", operation.subject, operation.queue), operation.sid);
    case Verb::kUnsubscribe:
      return operation.maximum > 0 ? fmt::format("UNSUB {} {}", operation.sid, operation.maximum) : fmt::format("UNSUB {}", operation.sid);
    case Verb::kPing:
      return "PING";
    case Verb::kPong:
      return "PONG";
    case Verb::kConnect:
      return with_arguments("CONNECT", operation.arguments);
    case Verb::kInfo:
      return with_arguments("INFO", operation.arguments);
    case Verb::kOk:
      return "OK";
    case Verb::kError:
      return with_arguments("-ERR", operation.arguments);
  }
  return {};
}

std::string traced(const MessageLine& line) {
  const std::string reply = line.reply.empty() ? std::string() : fmt::format("{} ", line.reply);
  if (line.header_bytes == 0) return fmt::format("MSG {} {} {}{}", line.subject, line.sid, reply, line.total_bytes);
  return fmt::format("HMSG {} {} {}{} {}", line.subject, line.sid, reply, line.header_bytes, line.total_bytes);
}

std::string traced_payload(std::string_view payload) {
  std::string text = "MSG_PAYLOAD: [\"";
  for (const char c : payload) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') text += {'\\', c};
    else if (c == '\r') text += "\\r";
    else if (c == '\n') text += "\\n";
    else if (c == '\t') text += "\\t";
    else if (byte < ' ' || byte >= 0x7F) text += fmt::format("\\x{:02x}", byte);
    else text += c;
  }
  return text += "\"]";
}

}  // namespace firth::nats
