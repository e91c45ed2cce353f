// From the tree of a config file to a ServerConfig.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/config_parser.h"
#include "cli/server_config.h"

namespace firth::cli {

// Reads `text` over what `config` holds. kInvalid: the error of the parser, or all that is wrong with the values, a line each, as
// "file:line:column: text"; `config` may then be half changed. `warnings` get what a check of the file (-t) reports as errors.
Result<void> read_config(std::string_view text, std::string_view file, const ConfigSources& sources, ServerConfig& config,
                         std::vector<std::string>& warnings);

}  // namespace firth::cli
