// Durations as Go writes them: "2m", "1h15m30.918s", "-1.5ms". Flags and config files of nats-server use no other form.
#pragma once

#include <chrono>
#include <string_view>

#include "base/result.h"

namespace firth::cli {

// kInvalid: with Go's text, for it is what users see.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace firth::cli
