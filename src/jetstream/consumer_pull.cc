#include "jetstream/consumer_pull.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "jetstream/json_fields.h"

namespace firth::jetstream {
namespace {

using std::chrono::nanoseconds;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\r' || text.front() == '\n'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

// What asks for something, a number or a text, whatever it says.
bool read_set(const boost::json::value& value, bool& to) {
  std::int64_t number = 0;
  std::string text;
  if (!read(value, number) && !read(value, text)) return false;
  to = to || number != 0 || !text.empty();
  return true;
}

constexpr JsonField<PullRequest> kFields[] = {
    {"batch", [](const boost::json::value& v, PullRequest& r) { return read(v, r.batch); }},
    {"expires", [](const boost::json::value& v, PullRequest& r) { return read(v, r.expires); }},
    {"max_bytes", [](const boost::json::value& v, PullRequest& r) { return read(v, r.max_bytes); }},
    {"idle_heartbeat", [](const boost::json::value& v, PullRequest& r) { return read(v, r.idle_heartbeat); }},
    {"no_wait", [](const boost::json::value& v, PullRequest& r) { return read(v, r.no_wait); }},
    {"priority", [](const boost::json::value& v, PullRequest& r) { return read(v, r.priority); }},
    {"min_pending", [](const boost::json::value& v, PullRequest& r) { return read_set(v, r.asks_overflow); }},
    {"min_ack_pending", [](const boost::json::value& v, PullRequest& r) { return read_set(v, r.asks_overflow); }},
    {"id", [](const boost::json::value& v, PullRequest& r) { return read_set(v, r.asks_pin); }},
};

Error bad(std::string_view why) { return {Errc::kInvalid, fmt::format("Bad Request - {}", why)}; }

}  // namespace

Result<PullRequest> parse_pull_request(std::string_view body) {
  body = trim(body);
  PullRequest request;
  if (!body.starts_with('{')) {
    const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), request.batch);
    if (error != std::errc() || end != body.data() + body.size()) request.batch = 1;
    request.batch = std::max<std::int64_t>(request.batch, 1);
    return request;
  }
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(body, error);
  if (error || !parsed.is_object()) return bad(error ? error.message() : "not an object");
  for (const auto& [key, value] : parsed.get_object()) {
    if (value.is_null()) continue;
    const auto field = std::ranges::find(kFields, std::string_view(key), &JsonField<PullRequest>::name);
    if (field != std::end(kFields) && !field->read(value, request)) return bad(wrong_value(key).detail);  // others are not looked at
  }
  if (request.asks_overflow) return bad("Not a Overflow Priority consumer");
  if (request.asks_pin) return bad("Not a Pinned Client Priority consumer");
  if (request.priority < 0 || request.priority > 9) return bad("Priority must be between 0 and 9");
  request.expires = std::max(request.expires, nanoseconds(0));
  if (request.idle_heartbeat.count() > 0 && request.idle_heartbeat > request.expires / 2) return bad("heartbeat value too large");
  request.batch = std::max<std::int64_t>(request.batch, 1);
  request.max_bytes = std::max<std::int64_t>(request.max_bytes, 0);
  request.idle_heartbeat = std::max(request.idle_heartbeat, nanoseconds(0));
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
    return value != nullptr && read(*value, delay) && delay > 0 ? nanoseconds(delay) : nanoseconds(0);
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
