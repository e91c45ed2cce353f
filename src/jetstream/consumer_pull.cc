#include "jetstream/consumer_pull.h"

#include <fmt/core.h>

#include <boost/json.hpp>
#include <charconv>

namespace firth::jetstream {
namespace {

using std::chrono::nanoseconds;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\r' || text.front() == '\n'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

bool take_number(const boost::json::value& value, std::int64_t& to) {
  boost::system::error_code error;
  to = value.to_number<std::int64_t>(error);
  return !error;
}

}  // namespace

Result<PullRequest> parse_pull_request(std::string_view body) {
  const Error bad{Errc::kInvalid, "Bad Request"};
  body = trim(body);
  PullRequest request;
  if (body.empty()) return request;
  if (body.front() != '{') {
    const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), request.batch);
    if (error != std::errc() || end != body.data() + body.size()) return bad;
    if (request.batch <= 0) request.batch = 1;
    return request;
  }
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(body, error);
  if (error || !parsed.is_object()) return bad;
  for (const auto& [key, value] : parsed.get_object()) {
    std::int64_t number = 0;
    if (key == "no_wait") {
      if (!value.is_bool()) return bad;
      request.no_wait = value.get_bool();
      continue;
    }
    if (!take_number(value, number)) return bad;
    if (key == "batch") request.batch = number;
    else if (key == "expires") request.expires = nanoseconds(number);
    else if (key == "max_bytes") request.max_bytes = number;
    else if (key == "idle_heartbeat") request.idle_heartbeat = nanoseconds(number);
    else return bad;
  }
  if (request.batch < 0 || request.expires.count() < 0 || request.max_bytes < 0 || request.idle_heartbeat.count() < 0) return bad;
  if (request.batch == 0) request.batch = 1;
  if (request.idle_heartbeat.count() > 0 && request.expires.count() == 0)
    return Error{Errc::kInvalid, "Bad Request - heartbeat value without expires"};
  if (request.idle_heartbeat * 2 > request.expires) return Error{Errc::kInvalid, "Bad Request - heartbeat value too large"};
  return request;
}

nanoseconds parse_nak_delay(std::string_view argument) {
  argument = trim(argument);
  if (argument.empty()) return nanoseconds(0);
  if (argument.front() == '{') {
    boost::system::error_code error;
    const boost::json::value parsed = boost::json::parse(argument, error);
    std::int64_t delay = 0;
    if (error || !parsed.is_object()) return nanoseconds(0);
    const boost::json::value* const value = parsed.get_object().if_contains("delay");
    return value != nullptr && take_number(*value, delay) && delay > 0 ? nanoseconds(delay) : nanoseconds(0);
  }
  struct Unit {
    std::string_view name;
    double ns;
  };
  constexpr Unit kUnits[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
  double total = 0;
  while (!argument.empty()) {
    double amount = 0;
    const auto [end, error] = std::from_chars(argument.data(), argument.data() + argument.size(), amount, std::chars_format::fixed);
    if (error != std::errc() || amount < 0) return nanoseconds(0);
    argument.remove_prefix(static_cast<std::size_t>(end - argument.data()));
    const auto letters = argument.substr(0, argument.find_first_of("0123456789."));
    const Unit* unit = nullptr;
    for (const Unit& known : kUnits)
      if (known.name == letters) unit = &known;
    if (unit == nullptr) return nanoseconds(0);
    total += amount * unit->ns;
    argument.remove_prefix(letters.size());
  }
  return total < 9e18 ? nanoseconds(static_cast<std::int64_t>(total)) : nanoseconds(0);
}

std::string go_duration(nanoseconds duration) {
  const std::int64_t ns = duration.count();
  const auto fraction = [](double value, std::string_view unit) { return fmt::format("{}{}", value, unit); };
  if (ns == 0) return "0s";
  if (ns < 1'000) return fmt::format("{}ns", ns);
  if (ns < 1'000'000) return fraction(static_cast<double>(ns) / 1e3, "µs");
  if (ns < 1'000'000'000) return fraction(static_cast<double>(ns) / 1e6, "ms");
  const std::int64_t minutes = ns / 60'000'000'000;
  const std::string seconds = fraction(static_cast<double>(ns % 60'000'000'000) / 1e9, "s");
  if (minutes == 0) return seconds;
  return minutes < 60 ? fmt::format("{}m{}", minutes, seconds) : fmt::format("{}h{}m{}", minutes / 60, minutes % 60, seconds);
}

std::string status_block(std::string_view status, std::string_view lines) { return fmt::format("NATS/1.0 {}\r\n{}\r\n", status, lines); }

}  // namespace firth::jetstream
