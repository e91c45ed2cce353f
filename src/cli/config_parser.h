// nats-server's config language: keys and values separated by '=', ':' or blanks, maps in {}, arrays in [], comments after '#' and "//",
// texts in quotes, bare or in a ( block ), integers with size suffixes, include and $variables. JSON is a part of it.
//
//   listen: 127.0.0.1:4222        # a bare text
//   max_payload = 8MB             # k, m, g, t, p, e are thousands; kb, ki, kib ... are 1024
//   include 'users.conf'          # relative to this file
//   secret: $SECRET               # a key of an enclosing map that stands before, else the environment
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/config_value.h"

namespace firth::cli {

// What lies outside of the text. Both may be empty: then there is no such file, no such variable.
struct ConfigSources {
  std::function<Result<std::string>(const std::string& path)> read_file;
  std::function<std::optional<std::string>(const std::string& name)> environment;
};

// kInvalid: with nats-server's text, one error. Of two fields with one key the later one holds; both are in the map.
Result<ConfigMap> parse_config(std::string_view text, std::string_view file, const ConfigSources& sources);

}  // namespace firth::cli
