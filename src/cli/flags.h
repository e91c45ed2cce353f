// Flags by the rules of Go's flag package, which nats-server's users rely on: -x and --x are one, -x=v or -x v, a boolean takes a value
// only after '=', and the first argument that is no flag ends them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace firth::cli {

enum class FlagKind : std::uint8_t { kBoolean, kInteger, kText };

struct FlagValue {
  std::string name;  // as given, without dashes
  std::string text;  // kBoolean: "true" or "false"
  std::int64_t integer = 0;
};

struct ParsedFlags {
  std::vector<FlagValue> flags;  // in order
  std::vector<std::string> rest;
};

// `kind_of` knows the flags. kInvalid: with Go's text.
Result<ParsedFlags> parse_flags(std::span<const std::string_view> arguments,
                                const std::function<std::optional<FlagKind>(std::string_view name)>& kind_of);

}  // namespace firth::cli
