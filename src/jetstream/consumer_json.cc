#include "jetstream/consumer_json.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "jetstream/api_level.h"
#include "jetstream/json_fields.h"

namespace firth::jetstream {
namespace {

using broker::ConsumerConfig;
using std::chrono::nanoseconds;
namespace json = boost::json;

constexpr std::array<std::string_view, 6> kDeliverPolicies = {
    "all", "last", "new", "by_start_sequence", "by_start_time", "last_per_subject"};
constexpr std::array<std::string_view, 3> kAckPolicies = {"none", "all", "explicit"};
constexpr std::array<std::string_view, 2> kReplayPolicies = {"instant", "original"};
constexpr std::array<std::string_view, 3> kActions = {"", "create", "update"};

using C = ConsumerConfig;
using V = json::value;
constexpr JsonField<C> kFields[] = {
    {"name", [](const V& v, C& c) { return read(v, c.name); }},
    {"durable_name", [](const V& v, C& c) { return read(v, c.durable_name); }},
    {"description", [](const V& v, C& c) { return read(v, c.description); }},
    {"deliver_policy", [](const V& v, C& c) { return read_word(v, kDeliverPolicies, c.deliver_policy); }},
    {"opt_start_seq", [](const V& v, C& c) { return read(v, c.start_sequence); }},
    {"opt_start_time", [](const V& v, C& c) { return read_time(v, c.start_time_ns); }},
    {"ack_policy", [](const V& v, C& c) { return read_word(v, kAckPolicies, c.ack_policy); }},
    {"ack_wait", [](const V& v, C& c) { return read(v, c.ack_wait); }},
    {"max_deliver", [](const V& v, C& c) { return read(v, c.max_deliver); }},
    {"backoff", [](const V& v, C& c) { return read(v, c.backoff); }},
    // Both are kept until the rules have seen them: config.filters begins with the single one.
    {"filter_subject",
     [](const V& v, C& c) {
       std::string filter;
       if (!read(v, filter)) return false;
       if (!filter.empty()) c.filters.insert(c.filters.begin(), filter);
       return true;
     }},
    {"filter_subjects",
     [](const V& v, C& c) {
       std::vector<std::string> filters;
       if (!read(v, filters)) return false;
       c.several_filters = !filters.empty();
       c.filters.insert(c.filters.end(), filters.begin(), filters.end());
       return true;
     }},
    {"replay_policy", [](const V& v, C& c) { return read_word(v, kReplayPolicies, c.replay_policy); }},
    {"rate_limit_bps", [](const V& v, C& c) { return read(v, c.rate_limit_bps); }},
    {"sample_freq", [](const V& v, C& c) { return read(v, c.sample_frequency); }},
    {"max_waiting", [](const V& v, C& c) { return read(v, c.max_waiting); }},
    {"max_ack_pending", [](const V& v, C& c) { return read(v, c.max_ack_pending); }},
    {"flow_control", [](const V& v, C& c) { return read(v, c.flow_control); }},
    {"headers_only", [](const V& v, C& c) { return read(v, c.headers_only); }},
    {"max_batch", [](const V& v, C& c) { return read(v, c.max_batch); }},
    {"max_expires", [](const V& v, C& c) { return read(v, c.max_expires); }},
    {"max_bytes", [](const V& v, C& c) { return read(v, c.max_bytes); }},
    {"idle_heartbeat", [](const V& v, C& c) { return read(v, c.idle_heartbeat); }},
    {"deliver_subject", [](const V& v, C& c) { return read(v, c.deliver_subject); }},
    {"deliver_group", [](const V& v, C& c) { return read(v, c.deliver_group); }},
    {"inactive_threshold", [](const V& v, C& c) { return read(v, c.inactive_threshold); }},
    {"num_replicas", [](const V& v, C& c) { return read(v, c.replicas); }},
    {"mem_storage", [](const V& v, C& c) { return read(v, c.memory_storage); }},
    {"metadata", [](const V& v, C& c) { return read(v, c.metadata); }},
};

// Known to clients, not served: taken if they ask for nothing.
constexpr std::string_view kNotServed[] = {"direct", "sourcing", "pause_until", "priority_groups", "priority_policy", "priority_timeout"};

bool asks_for_nothing(const json::value& value) { return is_zero(value) || (value.is_string() && value.get_string() == "none"); }

std::expected<void, ApiError> parse_config(const json::value& value, ConsumerRequest& request) {
  if (value.is_null()) return {};
  if (!value.is_object()) return std::unexpected(wrong_value("config"));
  json::object members = value.get_object();
  for (const std::string_view name : kNotServed) {
    const json::value* asked = members.if_contains(name);
    if (asked == nullptr) continue;
    if (!asks_for_nothing(*asked))
      return std::unexpected(ApiError{ApiErrorName::kConsumerFailed, fmt::format("\"{}\" is not supported", name)});
    members.erase(name);
  }
  const json::value* const one = members.if_contains("filter_subject");
  request.has_single_filter = one != nullptr && one->is_string() && !one->get_string().empty();
  const auto read = read_members<ConsumerConfig>(members, kFields, request.config);
  drop_level_metadata(request.config.metadata);
  return read;
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
  m.raw("metadata", json::serialize(json::value_from(with_level_metadata(config.metadata))));
  return fmt::format("{{{}}}", m.take());
}

std::string position(const broker::AckPosition& at, std::int64_t time_ns) {
  const std::string last = time_ns == 0 ? "" : fmt::format(",\"last_active\":\"{}\"", format_time(time_ns));
  return fmt::format("{{\"consumer_seq\":{},\"stream_seq\":{}{}}}", at.consumer, at.stream.value(), last);
}

}  // namespace

std::expected<ConsumerRequest, ApiError> parse_consumer_request(std::string_view body) {
  const auto members = parse_object(body);
  if (!members.has_value()) return std::unexpected(members.error());
  ConsumerRequest request;
  for (const auto& [key, value] : *members) {
    if (value.is_null() || key == "pedantic") continue;
    if (key == "config") {
      if (const auto read = parse_config(value, request); !read.has_value()) return std::unexpected(read.error());
      continue;
    }
    if (key != "stream_name" && key != "action") return std::unexpected(unknown_field(key));
    if (!(key == "action" ? read_word(value, kActions, request.action) : read(value, request.stream)))
      return std::unexpected(wrong_value(key));
  }
  return request;
}

std::expected<std::size_t, ApiError> parse_list_offset(std::string_view body) {
  static constexpr JsonField<std::size_t> kOffset[] = {
      {"offset", [](const V& v, std::size_t& to) { return read(v, to); }},
  };
  return read_optional<std::size_t>(body, kOffset);
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

}  // namespace firth::jetstream
