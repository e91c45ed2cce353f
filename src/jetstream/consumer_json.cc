#include "jetstream/consumer_json.h"

#include <fmt/core.h>

#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <functional>

namespace firth::jetstream {
namespace {

using broker::ConsumerConfig;
using std::chrono::nanoseconds;
namespace json = boost::json;

constexpr std::array<std::string_view, 6> kDeliverPolicies = {
    "all", "last", "new", "by_start_sequence", "by_start_time", "last_per_subject"};
constexpr std::array<std::string_view, 3> kAckPolicies = {"none", "all", "explicit"};
constexpr std::array<std::string_view, 2> kReplayPolicies = {"instant", "original"};

bool take(const json::value& value, std::string& to) {
  if (!value.is_string()) return false;
  to = std::string(value.get_string());
  return true;
}
bool take(const json::value& value, bool& to) {
  if (!value.is_bool()) return false;
  to = value.get_bool();
  return true;
}
template <class Integer>
  requires std::is_integral_v<Integer>
bool take(const json::value& value, Integer& to) {
  if (!value.is_number()) return false;
  boost::system::error_code error;
  to = value.to_number<Integer>(error);
  return !error;
}
bool take(const json::value& value, nanoseconds& to) {
  std::int64_t count = 0;
  if (!take(value, count)) return false;
  to = nanoseconds(count);
  return true;
}
template <class T>
bool take(const json::value& value, std::vector<T>& to) {
  if (!value.is_array()) return false;
  for (const json::value& element : value.get_array())
    if (!take(element, to.emplace_back())) return false;
  return true;
}
bool take(const json::value& value, std::map<std::string, std::string>& to) {
  if (!value.is_object()) return false;
  for (const auto& [key, text] : value.get_object())
    if (!take(text, to[std::string(key)])) return false;
  return true;
}
template <class Enum, std::size_t N>
bool take_name(const json::value& value, const std::array<std::string_view, N>& names, Enum& to) {
  if (!value.is_string()) return false;
  for (std::size_t i = 0; i < N; ++i) {
    if (std::string_view(value.get_string()) != names[i]) continue;
    to = static_cast<Enum>(i);
    return true;
  }
  return false;
}

bool take_time(const json::value& value, std::int64_t& to) {
  std::string text;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, length = 0;
  if (!take(value, text)) return false;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &length) != 6) return false;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return false;
  std::string_view rest = std::string_view(text).substr(static_cast<std::size_t>(length));
  std::int64_t fraction = 0;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    for (std::int64_t unit = 100'000'000; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; unit /= 10, rest.remove_prefix(1))
      fraction += unit * (rest.front() - '0');
  }
  int zone_minutes = 0;
  if (rest != "Z" && rest != "z") {
    int zone_hours = 0;
    if (rest.size() != 6 || std::sscanf(rest.data() + 1, "%2d:%2d", &zone_hours, &zone_minutes) != 2) return false;
    zone_minutes = (rest.front() == '-' ? -1 : 1) * (zone_hours * 60 + zone_minutes);
  }
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = ((days * 24 + hour) * 60 + minute - zone_minutes) * 60 + second;
  constexpr std::int64_t kMaxSeconds = INT64_MAX / 1'000'000'000;
  if (seconds < 0 || seconds >= kMaxSeconds) {  // "0001-01-01T00:00:00Z" is no time
    to = 0;
    return seconds < 0;
  }
  to = seconds * 1'000'000'000 + fraction;
  return true;
}

struct Field {
  std::string_view name;
  bool (*take)(const json::value&, ConsumerConfig&);
};
using C = ConsumerConfig;
using V = json::value;
constexpr Field kFields[] = {
    {"name", [](const V& v, C& c) { return take(v, c.name); }},
    {"durable_name", [](const V& v, C& c) { return take(v, c.durable_name); }},
    {"description", [](const V& v, C& c) { return take(v, c.description); }},
    {"deliver_policy", [](const V& v, C& c) { return take_name(v, kDeliverPolicies, c.deliver_policy); }},
    {"opt_start_seq", [](const V& v, C& c) { return take(v, c.start_sequence); }},
    {"opt_start_time", [](const V& v, C& c) { return take_time(v, c.start_time_ns); }},
    {"ack_policy", [](const V& v, C& c) { return take_name(v, kAckPolicies, c.ack_policy); }},
    {"ack_wait", [](const V& v, C& c) { return take(v, c.ack_wait); }},
    {"max_deliver", [](const V& v, C& c) { return take(v, c.max_deliver); }},
    {"backoff", [](const V& v, C& c) { return take(v, c.backoff); }},
    {"filter_subject",
     [](const V& v, C& c) {
       std::string filter;
       if (!take(v, filter)) return false;
       if (!filter.empty()) c.filters.insert(c.filters.begin(), filter);
       return true;
     }},
    {"filter_subjects",
     [](const V& v, C& c) {
       if (!take(v, c.filters)) return false;
       c.several_filters = !v.get_array().empty();
       return true;
     }},
    {"replay_policy", [](const V& v, C& c) { return take_name(v, kReplayPolicies, c.replay_policy); }},
    {"rate_limit_bps", [](const V& v, C& c) { return take(v, c.rate_limit_bps); }},
    {"sample_freq", [](const V& v, C& c) { return take(v, c.sample_frequency); }},
    {"max_waiting", [](const V& v, C& c) { return take(v, c.max_waiting); }},
    {"max_ack_pending", [](const V& v, C& c) { return take(v, c.max_ack_pending); }},
    {"flow_control", [](const V& v, C& c) { return take(v, c.flow_control); }},
    {"headers_only", [](const V& v, C& c) { return take(v, c.headers_only); }},
    {"max_batch", [](const V& v, C& c) { return take(v, c.max_batch); }},
    {"max_expires", [](const V& v, C& c) { return take(v, c.max_expires); }},
    {"max_bytes", [](const V& v, C& c) { return take(v, c.max_bytes); }},
    {"idle_heartbeat", [](const V& v, C& c) { return take(v, c.idle_heartbeat); }},
    {"deliver_subject", [](const V& v, C& c) { return take(v, c.deliver_subject); }},
    {"deliver_group", [](const V& v, C& c) { return take(v, c.deliver_group); }},
    {"inactive_threshold", [](const V& v, C& c) { return take(v, c.inactive_threshold); }},
    {"num_replicas", [](const V& v, C& c) { return take(v, c.replicas); }},
    {"mem_storage", [](const V& v, C& c) { return take(v, c.memory_storage); }},
    {"metadata", [](const V& v, C& c) { return take(v, c.metadata); }},
};

ConsumerError bad_json(std::string_view why) { return {400, 10025, fmt::format("invalid JSON: {}", why)}; }

ConsumerCheck parse_config(const json::value& value, ConsumerConfig& config) {
  if (!value.is_object()) return bad_json("the config is not an object");
  const json::object& object = value.get_object();
  for (const auto& [key, member] : object) {
    if (member.is_null()) continue;
    const Field* found = nullptr;
    for (const Field& field : kFields)
      if (field.name == std::string_view(key)) found = &field;
    if (found == nullptr) return bad_json(fmt::format("unknown field \"{}\"", std::string_view(key)));
    if (!found->take(member, config)) return bad_json(fmt::format("wrong value for \"{}\"", std::string_view(key)));
  }
  const json::value* const one = object.if_contains("filter_subject");
  if (config.several_filters && one != nullptr && one->is_string() && !one->get_string().empty())
    return ConsumerError{400, 10136, "consumer cannot have both FilterSubject and FilterSubjects specified"};
  return std::nullopt;
}

// Members that are left out when they are zero.
class Members {
 public:
  void raw(std::string_view name, std::string_view value) { text_ += fmt::format("{}\"{}\":{}", text_.empty() ? "" : ",", name, value); }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) raw(name, quoted(value));
  }
  template <class Integer>
  void number(std::string_view name, Integer value) {
    if (value != 0) raw(name, fmt::format("{}", value));
  }
  void flag(std::string_view name, bool value) {
    if (value) raw(name, "true");
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string config_object(const ConsumerConfig& config) {
  Members m;
  m.text("durable_name", config.durable_name);
  m.text("name", config.name);
  m.text("description", config.description);
  m.text("deliver_policy", kDeliverPolicies[static_cast<std::size_t>(config.deliver_policy)]);
  m.number("opt_start_seq", config.start_sequence);
  if (config.start_time_ns != 0) m.text("opt_start_time", format_time(config.start_time_ns));
  m.text("ack_policy", kAckPolicies[static_cast<std::size_t>(config.ack_policy)]);
  m.number("ack_wait", config.ack_wait.count());
  m.number("max_deliver", config.max_deliver);
  json::array backoff;
  for (const nanoseconds wait : config.backoff) backoff.push_back(wait.count());
  if (!backoff.empty()) m.raw("backoff", json::serialize(backoff));
  if (config.several_filters) m.raw("filter_subjects", json::serialize(json::value_from(config.filters)));
  else if (!config.filters.empty()) m.text("filter_subject", config.filters.front());
  m.text("replay_policy", kReplayPolicies[static_cast<std::size_t>(config.replay_policy)]);
  m.number("rate_limit_bps", config.rate_limit_bps);
  m.text("sample_freq", config.sample_frequency);
  m.number("max_waiting", config.max_waiting);
  m.number("max_ack_pending", config.max_ack_pending);
  m.flag("flow_control", config.flow_control);
  m.flag("headers_only", config.headers_only);
  m.number("max_batch", config.max_batch);
  m.number("max_expires", config.max_expires.count());
  m.number("max_bytes", config.max_bytes);
  m.number("idle_heartbeat", config.idle_heartbeat.count());
  m.text("deliver_subject", config.deliver_subject);
  m.text("deliver_group", config.deliver_group);
  m.number("inactive_threshold", config.inactive_threshold.count());
  m.raw("num_replicas", fmt::format("{}", config.replicas));
  m.flag("mem_storage", config.memory_storage);
  if (!config.metadata.empty()) m.raw("metadata", json::serialize(json::value_from(config.metadata)));
  return fmt::format("{{{}}}", m.take());
}

std::string position(const broker::AckPosition& at, std::int64_t time_ns) {
  const std::string last = time_ns == 0 ? "" : fmt::format(",\"last_active\":\"{}\"", format_time(time_ns));
  return fmt::format("{{\"consumer_seq\":{},\"stream_seq\":{}{}}}", at.consumer, at.stream.value(), last);
}

}  // namespace

std::string quoted(std::string_view text) { return json::serialize(json::string(text)); }

std::string format_time(std::int64_t ns) {
  const std::chrono::sys_time<nanoseconds> time{nanoseconds(ns)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string fraction;
  if (clock.subseconds().count() != 0) {
    fraction = fmt::format(".{:09}", clock.subseconds().count());
    fraction.resize(fraction.find_last_not_of('0') + 1);
  }
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count(), fraction);
}

std::variant<ConsumerRequest, ConsumerError> parse_consumer_request(std::string_view body) {
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  if (error || !parsed.is_object()) return bad_json(error ? error.message() : "not an object");
  ConsumerRequest request;
  for (const auto& [key, value] : parsed.get_object()) {
    if (key == "stream_name") {
      if (!take(value, request.stream)) return bad_json("wrong value for \"stream_name\"");
    } else if (key == "config") {
      if (auto bad = parse_config(value, request.config)) return *std::move(bad);
    } else if (key == "action") {
      constexpr std::array<std::string_view, 3> kActions = {"", "create", "update"};
      if (!take_name(value, kActions, request.action)) return bad_json("unknown action");
    } else if (key != "pedantic") {
      return bad_json(fmt::format("unknown field \"{}\"", std::string_view(key)));
    }
  }
  return request;
}

std::size_t parse_list_offset(std::string_view body) {
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  std::uint64_t offset = 0;
  if (error || !parsed.is_object()) return 0;
  const json::value* const value = parsed.get_object().if_contains("offset");
  return value != nullptr && take(*value, offset) ? offset : 0;
}

std::string info_members(const ConsumerInfo& info) {
  Members m;
  m.text("stream_name", info.stream);
  m.text("name", info.config.name);
  m.text("created", format_time(info.created_ns));
  m.raw("config", config_object(info.config));
  m.raw("delivered", position(info.delivered, info.delivered_ns));
  m.raw("ack_floor", position(info.floor, info.acknowledged_ns));
  m.raw("num_ack_pending", fmt::format("{}", info.ack_pending));
  m.raw("num_redelivered", fmt::format("{}", info.redelivered));
  m.raw("num_waiting", fmt::format("{}", info.waiting));
  m.raw("num_pending", fmt::format("{}", info.pending));
  m.flag("push_bound", info.push_bound);
  m.text("ts", format_time(info.now_ns));
  return m.take();
}

std::string api_response(std::string_view type, std::string_view members) {
  return fmt::format("{{\"type\":\"io.nats.jetstream.api.v1.{}\",{}}}", type, members);
}

std::string api_error(std::string_view type, const ConsumerError& error) {
  return api_response(
      type, fmt::format("\"error\":{{\"code\":{},\"err_code\":{},\"description\":{}}}", error.code, error.number, quoted(error.text)));
}

}  // namespace firth::jetstream
