#include "cli/config_value.h"

#include <fmt/core.h>

#include <array>

namespace firth::cli {

std::string to_string(const ConfigPosition& position) {
  return fmt::format("{}:{}:{}", position.file ? std::string_view(*position.file) : "", position.line, position.column);
}

std::string_view kind_of(const ConfigValue& value) {
  constexpr std::array<std::string_view, 7> kNames = {"a boolean", "an integer", "a float", "a string", "a date", "an array", "a map"};
  static_assert(std::variant_size_v<decltype(value.data)> == kNames.size());
  return kNames.at(value.data.index());
}

}  // namespace firth::cli
