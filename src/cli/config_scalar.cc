#include "cli/config_scalar.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace firth::cli {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

std::optional<bool> read_boolean(std::string_view text) {
  const std::string word = lower(text);
  if (word == "true" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "no" || word == "off") return false;
  return std::nullopt;
}

// 0: no such suffix.
std::int64_t factor_of(std::string_view suffix) {
  constexpr std::string_view kLetters = "kmgtpe";
  if (suffix.empty()) return 1;
  const std::string word = lower(suffix);
  const std::size_t power = kLetters.find(word.front());
  const std::string_view rest = std::string_view(word).substr(1);
  if (power == std::string_view::npos || !(rest.empty() || rest == "b" || rest == "i" || rest == "ib")) return 0;
  std::int64_t factor = 1;
  for (std::size_t i = 0; i <= power; ++i) factor *= rest.empty() ? 1000 : 1024;
  return factor;
}

bool is_date_time(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
  return std::ranges::equal(text, kShape, [](char c, char shape) { return shape == '0' ? is_digit(c) : c == shape; });
}

Error out_of_range(std::string_view digits) { return {Errc::kInvalid, fmt::format("integer '{}' is out of the range", digits)}; }

Result<ConfigValue> read_integer(std::string_view digits, std::int64_t factor) {
  std::int64_t value = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc{}) return out_of_range(digits);
  if (__builtin_mul_overflow(value, factor, &value)) return out_of_range(digits);
  return ConfigValue{value, {}};
}

}  // namespace

Result<ConfigValue> read_scalar(std::string_view text) {
  if (const auto boolean = read_boolean(text)) return ConfigValue{*boolean, {}};
  const ConfigValue string{std::string(text), {}};
  if (text.empty() || !(is_digit(text.front()) || text.front() == '-')) return string;
  if (is_date_time(text)) return ConfigValue{ConfigDateTime{std::string(text)}, {}};

  std::size_t end = text.front() == '-' ? 1 : 0;
  if (end == text.size() || !is_digit(text[end]))
    return Error{Errc::kInvalid, fmt::format("Expected a digit but got '{}'.", end == text.size() ? ' ' : text[end])};
  while (end < text.size() && is_digit(text[end])) ++end;
  if (end == text.size() || text[end] != '.') {
    const std::int64_t factor = factor_of(text.substr(end));
    return factor == 0 ? Result<ConfigValue>(string) : read_integer(text.substr(0, end), factor);
  }
  ++end;
  if (end == text.size()) return Error{Errc::kInvalid, "Floats must have a digit after the '.', but got ' ' instead."};
  while (end < text.size() && is_digit(text[end])) ++end;
  if (end != text.size()) return string;  // an address
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return ConfigValue{value, {}};
}

}  // namespace firth::cli
