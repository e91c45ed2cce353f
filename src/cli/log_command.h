// `firth log dump|verify DIRECTORY`: what a data directory holds, read from outside. Never writes, and goes on past damage.
#pragma once

#include <span>
#include <string_view>

namespace firth::cli {

// The arguments behind `log`. Returns the exit code: 0, 1 if something is damaged, 2 if the arguments make no sense.
int run_log_command(std::span<const std::string_view> arguments);

}  // namespace firth::cli
