#include "jetstream/api_level.h"

#include <charconv>
#include <optional>

#include "broker/header_block.h"
#include "broker/nats_version.h"

namespace firth::jetstream {
namespace {

constexpr std::string_view kServerVersion = "_nats.ver", kServerLevel = "_nats.level", kRequiredLevel = "_nats.req.level";

}  // namespace

std::map<std::string, std::string> with_level_metadata(std::map<std::string, std::string> metadata) {
  metadata[std::string(kServerVersion)] = broker::kNatsVersion;
  metadata[std::string(kServerLevel)] = std::to_string(kApiLevel);
  metadata[std::string(kRequiredLevel)] = "0";
  return metadata;
}

void drop_level_metadata(std::map<std::string, std::string>& metadata) {
  for (const std::string_view name : {kServerVersion, kServerLevel, kRequiredLevel}) metadata.erase(std::string(name));
}

bool asks_for_higher_level(std::string_view headers) {
  if (headers.empty()) return false;
  const std::optional<std::string_view> asked = broker::find_header(headers, "Nats-Required-Api-Level");
  if (!asked.has_value() || asked->empty()) return false;
  int level = 0;
  const auto [rest, error] = std::from_chars(asked->data(), asked->data() + asked->size(), level);
  return error != std::errc{} || rest != asked->data() + asked->size() || level > kApiLevel;
}

}  // namespace firth::jetstream
