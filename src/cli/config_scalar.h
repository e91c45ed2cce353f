// What a bare text of a config file means: "4222", "8MB", "-1.5", "yes", "2006-01-02T15:04:05Z"; all else is a string.
#pragma once

#include <string_view>

#include "base/result.h"
#include "cli/config_value.h"

namespace firth::cli {

// kInvalid: only the words after "Parse error on line N: ", or a whole text for a number that is too large.
Result<ConfigValue> read_scalar(std::string_view text);

}  // namespace firth::cli
