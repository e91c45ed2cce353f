#include "cli/flags.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace firth::cli {

namespace {

std::optional<bool> parse_boolean(std::string_view text) {
  constexpr std::string_view kTrue[] = {"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::string_view kFalse[] = {"0", "f", "F", "FALSE", "false", "False"};
  if (std::ranges::find(kTrue, text) != std::end(kTrue)) return true;
  if (std::ranges::find(kFalse, text) != std::end(kFalse)) return false;
  return std::nullopt;
}

// Empty: `value` is set. Decimal, or hexadecimal after 0x; Go's octal and binary forms are refused.
std::string_view parse_integer(std::string_view text, std::int64_t& value) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  if (text.starts_with('-') || text.empty()) return "parse error";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
  if (error == std::errc::result_out_of_range) return "value out of range";
  if (error != std::errc{} || end != text.data() + text.size()) return "parse error";
  if (negative) value = -value;
  return {};
}

Error flag_error(std::string text) { return {Errc::kInvalid, std::move(text)}; }

}  // namespace

Result<ParsedFlags> parse_flags(std::span<const std::string_view> arguments,
                                const std::function<std::optional<FlagKind>(std::string_view name)>& kind_of) {
  ParsedFlags parsed;
  std::size_t next = 0;
  while (next < arguments.size()) {
    const std::string_view argument = arguments[next];
    if (argument.size() < 2 || argument.front() != '-') break;
    ++next;
    if (argument == "--") break;
    std::string_view name = argument.substr(argument.starts_with("--") ? 2 : 1);
    if (name.starts_with('-') || name.starts_with('=')) return flag_error(fmt::format("bad flag syntax: {}", argument));
    std::optional<std::string_view> value;
    if (const std::size_t equals = name.find('='); equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    const auto kind = kind_of(name);
    if (!kind) return flag_error(fmt::format("flag provided but not defined: -{}", name));
    FlagValue flag{std::string(name), {}, 0};
    if (*kind == FlagKind::kBoolean) {
      const auto boolean = value ? parse_boolean(*value) : std::optional(true);
      if (!boolean) return flag_error(fmt::format("invalid boolean value \"{}\" for -{}: parse error", *value, name));
      flag.text = *boolean ? "true" : "false";
    } else {
      if (!value) {
        if (next == arguments.size()) return flag_error(fmt::format("flag needs an argument: -{}", name));
        value = arguments[next++];
      }
      flag.text = *value;
      const std::string_view wrong = *kind == FlagKind::kInteger ? parse_integer(*value, flag.integer) : std::string_view();
      if (!wrong.empty()) return flag_error(fmt::format("invalid value \"{}\" for flag -{}: {}", *value, name, wrong));
    }
    parsed.flags.push_back(std::move(flag));
  }
  for (; next < arguments.size(); ++next) parsed.rest.emplace_back(arguments[next]);
  return parsed;
}

}  // namespace firth::cli
