#include "cli/duration.h"

#include <fmt/core.h>

#include <cmath>
#include <cstdint>

namespace firth::cli {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr Unit kUnits[] = {
    {"ns", 1},
    {"us", 1'000},
    {"\xc2\xb5s", 1'000},  // micro sign
    {"\xce\xbcs", 1'000},  // Greek mu
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_while(std::string_view& text, bool (*wanted)(char)) {
  std::size_t length = 0;
  while (length < text.size() && wanted(text[length])) ++length;
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

}  // namespace

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const auto invalid = [&] { return Error{Errc::kInvalid, fmt::format("time: invalid duration \"{}\"", text)}; };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return std::chrono::nanoseconds(0);
  if (rest.empty()) return invalid();

  long double total = 0;  // 64 bits of mantissa: exact for all that fits
  while (!rest.empty()) {
    const std::string_view whole = take_while(rest, is_digit);
    std::string_view fraction;
    if (rest.starts_with('.')) {
      rest.remove_prefix(1);
      fraction = take_while(rest, is_digit);
    }
    if (whole.empty() && fraction.empty()) return invalid();
    const std::string_view name = take_while(rest, [](char c) { return c != '.' && !is_digit(c); });
    if (name.empty()) return Error{Errc::kInvalid, fmt::format("time: missing unit in duration \"{}\"", text)};
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits)
      if (candidate.name == name) unit = &candidate;
    if (unit == nullptr) return Error{Errc::kInvalid, fmt::format("time: unknown unit \"{}\" in duration \"{}\"", name, text)};
    long double value = 0;
    for (const char c : whole) value = value * 10 + (c - '0');
    long double digit = 0.1L;
    for (const char c : fraction) {
      value += (c - '0') * digit;
      digit /= 10;
    }
    total += value * static_cast<long double>(unit->nanoseconds);
  }
  constexpr long double kLimit = 9223372036854775807.0L;
  if (total > kLimit) return invalid();
  const auto nanoseconds = static_cast<std::int64_t>(std::llround(total));
  return std::chrono::nanoseconds(negative ? -nanoseconds : nanoseconds);
}

}  // namespace firth::cli
