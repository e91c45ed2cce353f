#include "jetstream/json_fields.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

namespace firth::jetstream {
namespace {

namespace json = boost::json;
using std::chrono::nanoseconds;

// "Z", or "+01:30". Nothing: neither.
std::optional<int> zone_minutes_of(std::string_view zone) {
  if (zone == "Z" || zone == "z") return 0;
  int hours = 0, minutes = 0;
  if (zone.size() != 6 || (zone.front() != '+' && zone.front() != '-')) return std::nullopt;
  if (std::sscanf(std::string(zone.substr(1)).c_str(), "%2d:%2d", &hours, &minutes) != 2) return std::nullopt;
  return (zone.front() == '-' ? -1 : 1) * (hours * 60 + minutes);
}

template <class T>
bool read_list(const json::value& value, std::vector<T>& to) {
  if (!value.is_array()) return false;
  to.clear();
  return std::ranges::all_of(value.get_array(), [&](const json::value& element) { return read(element, to.emplace_back()); });
}

std::string_view kind_name(const json::value& value) {
  if (value.is_string()) return "string";
  if (value.is_number()) return "number";
  if (value.is_bool()) return "bool";
  return value.is_array() ? "array" : "object";
}

}  // namespace

bool read(const json::value& value, bool& to) {
  if (!value.is_bool()) return false;
  to = value.get_bool();
  return true;
}

bool read(const json::value& value, std::int64_t& to) {
  if (value.is_int64()) to = value.get_int64();
  return value.is_int64();
}

bool read(const json::value& value, std::uint64_t& to) {
  if (value.is_uint64()) {
    to = value.get_uint64();
    return true;
  }
  if (!value.is_int64() || value.get_int64() < 0) return false;
  to = static_cast<std::uint64_t>(value.get_int64());
  return true;
}

bool read(const json::value& value, nanoseconds& to) {
  std::int64_t count = 0;
  if (!read(value, count)) return false;
  to = nanoseconds(count);
  return true;
}

bool read(const json::value& value, std::string& to) {
  if (!value.is_string()) return false;
  to = std::string_view(value.get_string());
  return true;
}

bool read(const json::value& value, std::map<std::string, std::string>& to) {
  if (!value.is_object()) return false;
  to.clear();
  return std::ranges::all_of(value.get_object(), [&](const auto& member) { return read(member.value(), to[std::string(member.key())]); });
}

bool read(const json::value& value, std::vector<std::string>& to) { return read_list(value, to); }
bool read(const json::value& value, std::vector<nanoseconds>& to) { return read_list(value, to); }

bool is_zero(const json::value& value) {
  constexpr std::string_view kNoTime = "0001-01-01T00:00:00Z";
  if (value.is_object()) return std::ranges::all_of(value.get_object(), [](const auto& member) { return is_zero(member.value()); });
  if (value.is_string()) return value.get_string().empty() || value.get_string() == kNoTime;
  std::int64_t number = 1;
  return value.is_null() || (value.is_bool() && !value.get_bool()) || (value.is_array() && value.get_array().empty()) ||
         (read(value, number) && number == 0);
}

bool read_time(const json::value& value, std::int64_t& to_ns) {
  std::string text;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, length = 0;
  if (!read(value, text)) return false;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &length) != 6) return false;
  if (year < 0 || month < 0 || day < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return false;
  std::string_view rest = std::string_view(text).substr(static_cast<std::size_t>(length));
  std::int64_t fraction = 0;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    for (std::int64_t unit = 100'000'000; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; unit /= 10, rest.remove_prefix(1))
      fraction += unit * (rest.front() - '0');
  }
  const std::optional<int> zone_minutes = zone_minutes_of(rest);
  if (!zone_minutes.has_value()) return false;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = ((days * 24 + hour) * 60 + minute - *zone_minutes) * 60 + second;
  constexpr std::int64_t kMaxSeconds = INT64_MAX / 1'000'000'000 - 1;
  to_ns = seconds < 0 ? 0 : std::min(seconds, kMaxSeconds) * 1'000'000'000 + fraction;
  return true;
}

std::expected<json::object, ApiError> parse_object(std::string_view body) {
  if (body.empty()) return json::object();
  boost::system::error_code error;
  json::value root = json::parse(body, error);
  if (error) return std::unexpected(ApiError{ApiErrorName::kInvalidJson, error.message()});
  if (root.is_null()) return json::object();
  if (!root.is_object())
    return std::unexpected(ApiError{ApiErrorName::kInvalidJson, fmt::format("json: cannot unmarshal {}", kind_name(root))});
  return std::move(root.get_object());
}

std::expected<void, ApiError> take_members(const json::object& members, const TakeMember& take) {
  for (const auto& member : members) {
    const Taken taken = member.value().is_null() ? Taken::kYes : take(member.key(), member.value());
    if (taken == Taken::kUnknownField) return std::unexpected(unknown_field(member.key()));
    if (taken == Taken::kWrongValue) return std::unexpected(wrong_value(member.key()));
  }
  return {};
}

std::expected<void, ApiError> take_optional_body(std::string_view body, const TakeMember& take) {
  const std::size_t start = body.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || body[start] != '{') return {};
  const auto members = parse_object(body);
  if (!members.has_value()) return std::unexpected(members.error());
  return take_members(*members, take);
}

ApiError unknown_field(std::string_view name) { return {ApiErrorName::kInvalidJson, fmt::format("json: unknown field {}", quoted(name))}; }
ApiError wrong_value(std::string_view name) { return {ApiErrorName::kInvalidJson, fmt::format("json: wrong value for {}", quoted(name))}; }

std::string quoted(std::string_view text) { return json::serialize(json::string(text)); }

std::string format_time(std::int64_t time_ns) {
  using Time = std::chrono::sys_time<nanoseconds>;
  constexpr Time kEarliest = std::chrono::ceil<std::chrono::days>(Time::min());  // the day before has no beginning in nanoseconds
  const Time time = std::max(Time(nanoseconds(time_ns)), kEarliest);
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string fraction = clock.subseconds().count() == 0 ? std::string() : fmt::format(".{:09}", clock.subseconds().count());
  while (fraction.ends_with('0')) fraction.pop_back();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count(), fraction);
}

}  // namespace firth::jetstream
