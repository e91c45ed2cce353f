// Reads typed values out of a config's tree and gathers everything that is wrong with it, each with its place.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/config_value.h"
#include "cli/server_config.h"

namespace firth::cli {

struct ConfigProblems {
  std::vector<std::string> errors;    // "file:line:column: text"
  std::vector<std::string> warnings;  // accepted, but not as it should be written

  void error(const ConfigPosition& position, std::string_view text);
  void warning(const ConfigPosition& position, std::string_view text);
};

bool equal_in_any_case(std::string_view a, std::string_view b);

// Each adds an error and returns nothing if the value is of another type or makes no sense; `key` is for the text.
std::optional<bool> read_boolean(std::string_view key, const ConfigValue& value, ConfigProblems& problems);
std::optional<std::int64_t> read_integer(std::string_view key, const ConfigValue& value, ConfigProblems& problems);
std::optional<std::string> read_string(std::string_view key, const ConfigValue& value, ConfigProblems& problems);
// Bytes: an integer, or a text like "4G" (K, M, G, T are powers of 1024 here, as in nats-server's JetStream block).
std::optional<std::int64_t> read_storage_size(std::string_view key, const ConfigValue& value, ConfigProblems& problems);
const ConfigMap* read_map(std::string_view key, const ConfigValue& value, ConfigProblems& problems);
// A text like "2m"; a bare number of seconds with a warning.
std::optional<std::chrono::nanoseconds> read_duration(std::string_view key, const ConfigValue& value, ConfigProblems& problems);
// A port, or "host:port"; without a host `default_host` stands.
std::optional<Address> read_address(const ConfigValue& value, std::string_view default_host, ConfigProblems& problems);

// "host:port", ":port", "[::1]:port". kInvalid: with nats-server's text.
Result<Address> parse_address(std::string_view text);

}  // namespace firth::cli
