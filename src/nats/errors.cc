#include "nats/errors.h"

#include <fmt/core.h>

#include "base/assert.h"

namespace firth::nats {

namespace {

struct Row {
  std::string_view name;
  std::string_view text;
  Fate fate;
};
constexpr Row kRows[] = {
    {"kNone", "", Fate::kStays},
#define FIRTH_NATS_ERROR(name, text, fate) {#name, text, Fate::fate},
#include "nats/errors.def"
#undef FIRTH_NATS_ERROR
};

const Row& row_of(ProtocolError error) {
  const auto index = static_cast<std::size_t>(error);
  FIRTH_ASSERT(index < std::size(kRows));
  return kRows[index];
}

}  // namespace

std::string_view text_of(ProtocolError error) { return row_of(error).text; }
Fate fate_of(ProtocolError error) { return row_of(error).fate; }
std::string_view name_of(ProtocolError error) { return row_of(error).name.substr(1); }

std::string error_line(std::string_view text) { return text.empty() ? std::string() : fmt::format("-ERR '{}'\r\n", text); }
std::string error_line(ProtocolError error) { return error_line(text_of(error)); }

std::string publish_violation(std::string_view subject) { return fmt::format("Permissions Violation for Publish to \"{}\"", subject); }

std::string reply_violation(std::string_view reply) { return fmt::format("Permissions Violation for Publish with Reply of \"{}\"", reply); }

std::string subscription_violation(std::string_view subject, std::string_view queue) {
  if (queue.empty()) return fmt::format("Permissions Violation for Subscription to \"{}\"", subject);
  return fmt::format("Permissions Violation for Subscription to \"{}\" using queue \"{}\"", subject, queue);
}

std::string too_many_tokens(std::string_view subject) { return subscription_violation(subject, {}) + ", too many tokens"; }

}  // namespace firth::nats
