#include "jetstream/stream_json.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>

#include "broker/captured_subjects.h"
#include "broker/consumer_state.h"
#include "jetstream/api_level.h"
#include "jetstream/json_fields.h"

namespace firth::jetstream {
namespace {

namespace json = boost::json;
using broker::TopicConfig;
using std::chrono::nanoseconds;

constexpr std::string_view kNoTime = "0001-01-01T00:00:00Z";
constexpr std::size_t kMaxSubjects = 100'000;   // listed at a time
constexpr std::size_t kMaxDeleted = 1'000'000;  // listed at all
constexpr std::array<std::string_view, 3> kRetentions = {"limits", "interest", "workqueue"};
constexpr std::array<std::string_view, 2> kDiscards = {"old", "new"};
constexpr std::array<std::string_view, 2> kStorages = {"file", "memory"};
constexpr std::array<std::string_view, 2> kPersistModes = {"default", "async"};  // log::Durability

template <class Enum, std::size_t N>
json::value write_word(const std::array<std::string_view, N>& words, Enum value) {
  return json::string(words[static_cast<std::size_t>(value)]);
}

bool read_compression(const json::value& value, broker::Compression& to) {
  std::string text;
  if (!read(value, text) || (text != "none" && text != "s2")) return false;
  to = text == "s2" ? broker::Compression::kSnappy : broker::Compression::kProducer;
  return true;
}

// An absent list and an empty one are the same.
bool read_subjects(const json::value& value, std::vector<std::string>& to) {
  std::vector<std::string> subjects;
  if (!read(value, subjects)) return false;
  if (!subjects.empty()) to = std::move(subjects);
  return true;
}

struct Field {
  std::string_view name;
  bool (*read)(const json::value&, TopicConfig&);
  json::value (*write)(const TopicConfig&);  // null: is left out
};

// A row whose value is the member of that name. Some are shown even if they say nothing.
enum class Shown { kAlways, kIfSet };
#define FIRTH_FIELD(name, when, written)                                                                                   \
  Field {                                                                                                                  \
    #name, [](const json::value& v, TopicConfig& c) { return read(v, c.name); }, [](const TopicConfig& c) -> json::value { \
      return (when) == Shown::kAlways || c.name != TopicConfig().name ? json::value(written) : json::value(nullptr);       \
    }                                                                                                                      \
  }
const Field kFields[] = {
    FIRTH_FIELD(description, Shown::kIfSet, c.description),
    {"subjects", [](const json::value& v, TopicConfig& c) { return read_subjects(v, c.subjects); },
     [](const TopicConfig& c) -> json::value { return json::array(c.subjects.begin(), c.subjects.end()); }},
    {"retention", [](const json::value& v, TopicConfig& c) { return read_word(v, kRetentions, c.retention); },
     [](const TopicConfig& c) { return write_word(kRetentions, c.retention); }},
    FIRTH_FIELD(max_consumers, Shown::kAlways, c.max_consumers),
    FIRTH_FIELD(max_msgs, Shown::kAlways, c.max_msgs),
    FIRTH_FIELD(max_bytes, Shown::kAlways, c.max_bytes),
    {"max_age",
     [](const json::value& v, TopicConfig& c) {
       nanoseconds age{0};
       if (!read(v, age)) return false;
       if (age < nanoseconds(0)) c.max_age = age;  // whoever made the topic: the rules refuse it
       else broker::set_age_limit(c, age);
       return true;
     },
     [](const TopicConfig& c) -> json::value { return broker::age_limit(c).count(); }},
    FIRTH_FIELD(max_msgs_per_subject, Shown::kAlways, c.max_msgs_per_subject),
    FIRTH_FIELD(max_msg_size, Shown::kAlways, c.max_msg_size),
    {"discard", [](const json::value& v, TopicConfig& c) { return read_word(v, kDiscards, c.discard); },
     [](const TopicConfig& c) { return write_word(kDiscards, c.discard); }},
    FIRTH_FIELD(discard_new_per_subject, Shown::kIfSet, c.discard_new_per_subject),
    {"storage", [](const json::value& v, TopicConfig& c) { return read_word(v, kStorages, c.storage); },
     [](const TopicConfig& c) { return write_word(kStorages, c.storage); }},
    {"num_replicas", [](const json::value& v, TopicConfig& c) { return read(v, c.replicas); },
     [](const TopicConfig& c) -> json::value { return c.replicas; }},
    {"persist_mode", [](const json::value& v, TopicConfig& c) { return read_word(v, kPersistModes, c.durability); },
     [](const TopicConfig& c) {
       return c.durability == log::Durability::kSync ? json::value(nullptr) : write_word(kPersistModes, c.durability);
     }},
    FIRTH_FIELD(no_ack, Shown::kIfSet, c.no_ack),
    FIRTH_FIELD(duplicate_window, Shown::kIfSet, c.duplicate_window.count()),
    {"compression", [](const json::value& v, TopicConfig& c) { return read_compression(v, c.compression); },
     [](const TopicConfig& c) -> json::value { return c.compression == broker::Compression::kSnappy ? "s2" : "none"; }},
    FIRTH_FIELD(allow_direct, Shown::kAlways, c.allow_direct),
    FIRTH_FIELD(mirror_direct, Shown::kAlways, c.mirror_direct),
    FIRTH_FIELD(sealed, Shown::kAlways, c.sealed),
    FIRTH_FIELD(deny_delete, Shown::kAlways, c.deny_delete),
    FIRTH_FIELD(deny_purge, Shown::kAlways, c.deny_purge),
    FIRTH_FIELD(allow_rollup_hdrs, Shown::kAlways, c.allow_rollup_hdrs),
    {"metadata", [](const json::value& v, TopicConfig& c) { return read(v, c.metadata); },
     [](const TopicConfig& c) { return json::value_from(with_level_metadata(c.metadata)); }},
};
#undef FIRTH_FIELD

// Known to clients, not served: taken if they ask for nothing.
constexpr std::string_view kNotServed[] = {"placement",         "mirror",          "sources",       "subject_transform",
                                           "republish",         "consumer_limits", "allow_msg_ttl", "subject_delete_marker_ttl",
                                           "allow_msg_counter", "allow_atomic",    "allow_batched", "allow_msg_schedules",
                                           "first_seq",         "template_owner",  "pedantic"};

bool asks_for_nothing(const json::value& value) {
  std::int64_t number = 0;
  return is_zero(value) || (read(value, number) && number == 1) || (value.is_string() && value.get_string() == "default");
}

std::string base64(ByteView bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8 | (i < count ? std::to_integer<std::uint32_t>(bytes[at + i]) : 0);
    for (std::size_t i = 0; i < 4; ++i) out += i <= count ? kDigits[group >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

}  // namespace

std::expected<StreamRequest, ApiError> parse_stream_request(std::string_view body, TopicConfig base) {
  const auto members = parse_object(body);
  if (!members.has_value()) return std::unexpected(members.error());
  StreamRequest request{.name = {}, .config = std::move(base)};
  for (const auto& [key, value] : *members) {
    const auto field = std::ranges::find(kFields, std::string_view(key), &Field::name);
    if (key == "name" || field != std::end(kFields)) {
      if (value.is_null()) continue;
      if (!(key == "name" ? read(value, request.name) : field->read(value, request.config))) return std::unexpected(wrong_value(key));
      continue;
    }
    if (std::ranges::find(kNotServed, std::string_view(key)) == std::end(kNotServed)) return std::unexpected(unknown_field(key));
    // Clients ask for message TTLs with every bucket; a message that has one is refused.
    if (key != "allow_msg_ttl" && !asks_for_nothing(value))
      return std::unexpected(ApiError{ApiErrorName::kStreamConfig, fmt::format("\"{}\" is not supported", std::string_view(key))});
  }
  drop_level_metadata(request.config.metadata);
  return request;
}

TopicConfig update_base(const TopicConfig& before) {
  TopicConfig base = broker::stream_defaults();
  if (before.origin == broker::Origin::kKafka) base.subjects = before.subjects;
  base.origin = before.origin;
  base.durability = before.durability;
  base.cleanup_policy = before.cleanup_policy;
  base.retention_ms = before.retention_ms;
  base.retention_bytes = before.retention_bytes;
  base.segment_bytes = before.segment_bytes;
  base.segment_ms = before.segment_ms;
  base.index_interval_bytes = before.index_interval_bytes;
  base.max_message_bytes = before.max_message_bytes;
  base.min_insync_replicas = before.min_insync_replicas;
  base.timestamp_type = before.timestamp_type;
  base.timestamp_before_max_ms = before.timestamp_before_max_ms;
  base.timestamp_after_max_ms = before.timestamp_after_max_ms;
  base.deliver = before.deliver;
  base.subject_template = before.subject_template;
  return base;
}

namespace {

json::object state_of(broker::Stream& stream, const StreamDetails& details) {
  const broker::StreamCounts counts = stream.counts();
  const auto time_of = [&](Sequence sequence) -> std::string {
    const auto message = stream.get(sequence);
    return message.ok() && message->has_value() ? format_time((*message)->time_ns) : std::string(kNoTime);
  };
  json::object state;
  state["messages"] = counts.messages;
  state["bytes"] = counts.bytes;
  state["first_seq"] = counts.last == Sequence(0) ? 0 : counts.first.value();
  state["first_ts"] = time_of(counts.first);
  state["last_seq"] = counts.last.value();
  state["last_ts"] = time_of(stream.last_sequence({}).value_or(Sequence(0)));
  if (counts.subjects > 0) state["num_subjects"] = counts.subjects;
  if (const std::uint64_t deleted = counts.last.value() + 1 - counts.first.value() - counts.messages; deleted > 0 && counts.messages > 0) {
    state["num_deleted"] = deleted;
    if (details.deleted) {
      json::array& sequences = state["deleted"].emplace_array();
      for (const Sequence sequence : stream.erased(kMaxDeleted)) sequences.push_back(sequence.value());
    }
  }
  state["consumer_count"] = broker::consumer_count(stream.partition());
  return state;
}

// Adds what the filter takes, in order of names if it is too long for one answer; returns what says so.
std::string add_subjects(broker::Stream& stream, const StreamDetails& details, json::object& state) {
  if (details.subjects_filter.empty()) return {};
  auto found = stream.subjects(details.subjects_filter);
  if (found.empty()) return {};
  const std::size_t total = found.size();
  if (details.subjects_offset > 0 || total > kMaxSubjects) std::ranges::sort(found);
  json::object& subjects = state["subjects"].emplace_object();
  for (std::size_t i = details.subjects_offset; i < std::min(total, details.subjects_offset + kMaxSubjects); ++i)
    subjects[found[i].first] = found[i].second;
  return fmt::format(R"("total":{},"offset":{},"limit":{},)", total, details.subjects_offset, kMaxSubjects);
}

}  // namespace

std::string stream_members(broker::Stream& stream, const StreamDetails& details, std::int64_t now_ns) {
  json::object config;
  config["name"] = stream.name();
  for (const Field& field : kFields)
    if (json::value value = field.write(stream.config()); !value.is_null()) config[field.name] = std::move(value);
  config["consumer_limits"] = json::object();
  config["allow_msg_ttl"] = false;
  json::object state = state_of(stream, details);
  const std::string page = add_subjects(stream, details, state);
  return fmt::format(R"({}"config":{},"created":"{}","state":{},"ts":"{}")", page, json::serialize(config),
                     format_time(stream.topic().created_ns), json::serialize(state), format_time(now_ns));
}

std::string message_json(const broker::StoredMessage& message) {
  json::object object;
  object["subject"] = message.subject;
  object["seq"] = message.sequence.value();
  if (!message.headers.empty()) object["hdrs"] = base64(as_bytes(message.headers));
  if (!message.payload.empty()) object["data"] = base64(message.payload);
  object["time"] = format_time(message.time_ns);
  return json::serialize(object);
}

}  // namespace firth::jetstream
