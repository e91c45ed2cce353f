#include "jetstream/stream_json.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <optional>
#include <variant>

#include "broker/captured_subjects.h"
#include "broker/piece_kinds.h"

namespace firth::jetstream {
namespace {

namespace json = boost::json;
using broker::TopicConfig;
using std::chrono::nanoseconds;

constexpr std::string_view kNoTime = "0001-01-01T00:00:00Z";
constexpr std::size_t kMaxNameBytes = 255;
constexpr nanoseconds kDefaultWindow = std::chrono::minutes(2);
constexpr nanoseconds kLeastTime = std::chrono::milliseconds(100);

template <class Enum>
struct Word {
  Enum value;
  std::string_view text;
};
constexpr Word<broker::Retention> kRetentions[] = {
    {broker::Retention::kLimits, "limits"}, {broker::Retention::kInterest, "interest"}, {broker::Retention::kWorkQueue, "workqueue"}};
constexpr Word<broker::Discard> kDiscards[] = {{broker::Discard::kOld, "old"}, {broker::Discard::kNew, "new"}};
constexpr Word<broker::Storage> kStorages[] = {{broker::Storage::kFile, "file"}, {broker::Storage::kMemory, "memory"}};
constexpr Word<log::Durability> kPersistModes[] = {{log::Durability::kSync, "default"}, {log::Durability::kOs, "async"}};

template <class Enum, std::size_t N>
bool read_word(const Word<Enum> (&words)[N], const json::value& value, Enum& out) {
  const json::string* text = value.if_string();
  for (const auto& word : words) {
    if (text == nullptr || std::string_view(*text) != word.text) continue;
    out = word.value;
    return true;
  }
  return false;
}
template <class Enum, std::size_t N>
json::value write_word(const Word<Enum> (&words)[N], Enum value) {
  for (const auto& word : words)
    if (word.value == value) return json::string(word.text);
  return nullptr;
}

bool read_integer(const json::value& value, std::int64_t& out) {
  if (const std::int64_t* number = value.if_int64(); number != nullptr) return out = *number, true;
  if (const std::uint64_t* number = value.if_uint64(); number != nullptr)
    return out = static_cast<std::int64_t>(std::min<std::uint64_t>(*number, INT64_MAX)), true;
  return false;
}

bool read_duration(const json::value& value, nanoseconds& out) {
  std::int64_t count = 0;
  if (!read_integer(value, count)) return false;
  out = nanoseconds(count);
  return true;
}

bool read_text(const json::value& value, std::string& out) {
  const json::string* text = value.if_string();
  if (text != nullptr) out = std::string_view(*text);
  return text != nullptr;
}

bool read_subjects(TopicConfig& config, const json::value& value) {
  const json::array* array = value.if_array();
  if (array == nullptr) return false;
  if (array->empty()) return true;
  config.subjects.clear();
  return std::all_of(array->begin(), array->end(), [&](const json::value& v) { return read_text(v, config.subjects.emplace_back()); });
}

bool read_metadata(TopicConfig& config, const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return false;
  config.metadata.clear();
  return std::all_of(object->begin(), object->end(),
                     [&](const auto& member) { return read_text(member.value(), config.metadata[std::string(member.key())]); });
}

struct Field {
  std::string_view name;
  bool (*read)(TopicConfig&, const json::value&);
  json::value (*write)(const TopicConfig&);  // null: is left out
};

#define FIRTH_INTEGER(name)                                                              \
  Field {                                                                                \
    #name, [](TopicConfig& c, const json::value& v) { return read_integer(v, c.name); }, \
        [](const TopicConfig& c) -> json::value { return c.name; }                       \
  }
#define FIRTH_DURATION(name)                                                              \
  Field {                                                                                 \
    #name, [](TopicConfig& c, const json::value& v) { return read_duration(v, c.name); }, \
        [](const TopicConfig& c) -> json::value { return c.name.count(); }                \
  }
#define FIRTH_FLAG(name, always)                                                                                            \
  Field {                                                                                                                   \
    #name, [](TopicConfig& c, const json::value& v) { return v.is_bool() && ((c.name = v.get_bool()), true); },             \
        [](const TopicConfig& c) -> json::value { return c.name || (always) ? json::value(c.name) : json::value(nullptr); } \
  }

const Field kFields[] = {
    {"description", [](TopicConfig& c, const json::value& v) { return read_text(v, c.description); },
     [](const TopicConfig& c) -> json::value { return c.description.empty() ? json::value(nullptr) : json::value(c.description); }},
    {"subjects", read_subjects, [](const TopicConfig& c) -> json::value { return json::array(c.subjects.begin(), c.subjects.end()); }},
    {"retention", [](TopicConfig& c, const json::value& v) { return read_word(kRetentions, v, c.retention); },
     [](const TopicConfig& c) { return write_word(kRetentions, c.retention); }},
    FIRTH_INTEGER(max_consumers),
    FIRTH_INTEGER(max_msgs),
    FIRTH_INTEGER(max_bytes),
    {"max_age",
     [](TopicConfig& c, const json::value& v) {
       nanoseconds age{0};
       if (!read_duration(v, age)) return false;
       broker::set_age_limit(c, age);
       return true;
     },
     [](const TopicConfig& c) -> json::value { return broker::age_limit(c).count(); }},
    FIRTH_INTEGER(max_msgs_per_subject),
    FIRTH_INTEGER(max_msg_size),
    {"discard", [](TopicConfig& c, const json::value& v) { return read_word(kDiscards, v, c.discard); },
     [](const TopicConfig& c) { return write_word(kDiscards, c.discard); }},
    FIRTH_FLAG(discard_new_per_subject, false),
    {"storage", [](TopicConfig& c, const json::value& v) { return read_word(kStorages, v, c.storage); },
     [](const TopicConfig& c) { return write_word(kStorages, c.storage); }},
    {"num_replicas", [](TopicConfig& c, const json::value& v) { return read_integer(v, c.replicas); },
     [](const TopicConfig& c) -> json::value { return c.replicas; }},
    {"persist_mode", [](TopicConfig& c, const json::value& v) { return read_word(kPersistModes, v, c.durability); },
     [](const TopicConfig& c) { return c.durability == log::Durability::kSync ? nullptr : write_word(kPersistModes, c.durability); }},
    FIRTH_FLAG(no_ack, false),
    FIRTH_DURATION(duplicate_window),
    {"compression",
     [](TopicConfig& c, const json::value& v) {
       std::string text;
       if (!read_text(v, text) || (text != "none" && text != "s2" && !text.empty())) return false;
       c.compression = text == "s2" ? broker::Compression::kSnappy : broker::Compression::kProducer;
       return true;
     },
     [](const TopicConfig& c) -> json::value { return c.compression == broker::Compression::kSnappy ? "s2" : "none"; }},
    FIRTH_FLAG(allow_direct, true),
    FIRTH_FLAG(mirror_direct, true),
    FIRTH_FLAG(sealed, true),
    FIRTH_FLAG(deny_delete, true),
    FIRTH_FLAG(deny_purge, true),
    FIRTH_FLAG(allow_rollup_hdrs, true),
    {"metadata", read_metadata,
     [](const TopicConfig& c) -> json::value {
       json::object object;
       for (const auto& [key, value] : c.metadata) object[key] = value;
       return object.empty() ? json::value(nullptr) : json::value(object);
     }},
};
#undef FIRTH_INTEGER
#undef FIRTH_DURATION
#undef FIRTH_FLAG

// Known to clients, not served: taken if they ask for nothing.
constexpr std::string_view kNotServed[] = {"placement",         "mirror",          "sources",        "subject_transform",
                                           "republish",         "consumer_limits", "allow_msg_ttl",  "subject_delete_marker_ttl",
                                           "allow_msg_counter", "allow_atomic",    "allow_batched",  "allow_msg_schedules",
                                           "first_seq",       "template_owner", "pedantic"};

bool asks_for_nothing(const json::value& value) {
  std::int64_t number = 1;
  return value.is_null() || (value.is_bool() && !value.get_bool()) || (read_integer(value, number) && number <= 1 && number >= 0) ||
         (value.is_object() && value.get_object().empty()) || (value.is_array() && value.get_array().empty()) ||
         (value.is_string() && (value.get_string().empty() || value.get_string() == "default"));
}

std::unexpected<ApiError> failed(ApiErrorName name, std::string detail = {}) { return std::unexpected(ApiError{name, std::move(detail)}); }

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
  StreamRequest request{.name = {}, .config = std::move(base)};
  if (body.empty()) return request;
  boost::system::error_code error;
  const json::value root = json::parse(body, error);
  if (error) return failed(ApiErrorName::kInvalidJson, error.message());
  const json::object* object = root.if_object();
  if (object == nullptr) return failed(ApiErrorName::kInvalidJson, "not an object");
  for (const auto& member : *object) {
    const std::string_view name = member.key();
    if (name == "name" && read_text(member.value(), request.name)) continue;
    const auto field = std::find_if(std::begin(kFields), std::end(kFields), [&](const Field& f) { return f.name == name; });
    if (field != std::end(kFields)) {
      if (!member.value().is_null() && !field->read(request.config, member.value()))
        return failed(ApiErrorName::kInvalidJson, fmt::format("the field \"{}\" has a wrong value", name));
      continue;
    }
    if (std::find(std::begin(kNotServed), std::end(kNotServed), name) == std::end(kNotServed))
      return failed(ApiErrorName::kInvalidJson, fmt::format("unknown field \"{}\"", name));
    // Clients ask for it with every bucket; a message that has a TTL is refused.
    if (name != "allow_msg_ttl" && !asks_for_nothing(member.value()))
      return failed(ApiErrorName::kStreamConfig, fmt::format("\"{}\" is not supported", name));
  }
  return request;
}

std::expected<void, ApiError> complete_config(std::string_view name, TopicConfig& config) {
  const auto invalid = [](std::string text) { return failed(ApiErrorName::kStreamConfig, std::move(text)); };
  if (name.size() > kMaxNameBytes) return invalid(fmt::format("stream name is too long, maximum allowed is {}", kMaxNameBytes));
  if (config.subjects.empty() && config.origin == broker::Origin::kNats) config.subjects = {std::string(name)};
  if (config.replicas == 0) config.replicas = 1;
  if (config.replicas > 1) return failed(ApiErrorName::kReplicas);
  if (config.durability == log::Durability::kOs && config.storage != broker::Storage::kFile)
    return invalid("async persist mode is only supported on file storage");
  for (std::int64_t* limit :
       {&config.max_consumers, &config.max_msgs, &config.max_bytes, &config.max_msgs_per_subject, &config.max_msg_size})
    if (*limit <= 0) *limit = -1;
  if (config.max_age.count() != 0 && config.max_age < kLeastTime) return invalid("max age needs to be >= 100ms");
  if (config.duplicate_window.count() == 0)
    config.duplicate_window = config.max_age.count() != 0 ? std::min(config.max_age, kDefaultWindow) : kDefaultWindow;
  if (config.duplicate_window.count() < 0) return invalid("duplicates window can not be negative");
  if (config.max_age.count() != 0 && config.duplicate_window > config.max_age)
    return invalid("duplicates window can not be larger then max age");
  if (config.duplicate_window < kLeastTime) return invalid("duplicates window needs to be >= 100ms");
  if (config.deny_purge && config.allow_rollup_hdrs) return invalid("roll-ups require the purge permission");
  if (config.discard_new_per_subject && config.discard != broker::Discard::kNew)
    return invalid("discard new per subject requires discard new policy to be set");
  if (config.discard_new_per_subject && config.max_msgs_per_subject <= 0)
    return invalid("discard new per subject requires max msgs per subject > 0");
  if (const auto checked = broker::check_captured_subjects(config); !checked.ok()) return invalid(checked.error().text);
  return {};
}

std::expected<void, ApiError> check_update(const TopicConfig& before, const TopicConfig& after) {
  const auto invalid = [](std::string_view text) { return failed(ApiErrorName::kStreamConfig, std::string(text)); };
  if (before.max_consumers != after.max_consumers) return invalid("stream configuration update can not change MaxConsumers");
  if (before.storage != after.storage) return invalid("stream configuration update can not change storage type");
  if (before.durability != after.durability) return invalid("stream configuration update can not change persist mode");
  if (before.retention != after.retention &&
      (before.retention == broker::Retention::kWorkQueue || after.retention == broker::Retention::kWorkQueue))
    return invalid("stream configuration update can not change retention policy to/from workqueue");
  if (before.sealed && !after.sealed) return invalid("stream configuration update can not unseal a sealed stream");
  if (before.deny_delete && !after.deny_delete) return invalid("stream configuration update can not cancel deny message deletes");
  if (before.deny_purge && !after.deny_purge) return invalid("stream configuration update can not cancel deny purge");
  return {};
}

std::string rfc3339(std::int64_t time_ns) {
  using namespace std::chrono;
  const sys_time<nanoseconds> time{nanoseconds(time_ns)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  const std::int64_t fraction = (time - floor<seconds>(time)).count();
  std::string nanos = fraction == 0 ? std::string() : fmt::format(".{:09}", fraction);
  while (nanos.ends_with('0')) nanos.pop_back();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count(), nanos);
}

std::string stream_members(broker::Stream& stream, std::string_view subjects_filter, std::int64_t now_ns) {
  json::object config;
  config["name"] = stream.name();
  for (const Field& field : kFields)
    if (json::value value = field.write(stream.config()); !value.is_null()) config[field.name] = std::move(value);
  const broker::StreamCounts counts = stream.counts();
  const auto time_of = [&](Sequence sequence) -> std::string {
    const auto message = stream.get(sequence);
    return message.ok() && message->has_value() ? rfc3339((*message)->time_ns) : std::string(kNoTime);
  };
  std::uint64_t consumers = 0;
  stream.partition().for_each_piece(static_cast<std::uint16_t>(broker::PieceKind::kConsumer),
                                    [&](const std::string&, log::Piece&) { ++consumers; });
  json::object state;
  state["messages"] = counts.messages;
  state["bytes"] = counts.bytes;
  state["first_seq"] = counts.last == Sequence(0) ? 0 : counts.first.value();
  state["first_ts"] = time_of(counts.first);
  state["last_seq"] = counts.last.value();
  state["last_ts"] = time_of(stream.last_sequence({}).value_or(Sequence(0)));
  if (counts.subjects > 0) state["num_subjects"] = counts.subjects;
  if (counts.messages > 0) {
    const std::uint64_t deleted = counts.last.value() + 1 - counts.first.value() - counts.messages;
    if (deleted > 0) state["num_deleted"] = deleted;
  }
  state["consumer_count"] = consumers;
  if (!subjects_filter.empty()) {
    json::object& subjects = state["subjects"].emplace_object();
    for (const auto& [subject, count] : stream.subjects(subjects_filter)) subjects[subject] = count;
  }
  return fmt::format(R"("config":{},"created":"{}","state":{},"ts":"{}")", json::serialize(config), rfc3339(stream.topic().created_ns),
                     json::serialize(state), rfc3339(now_ns));
}

std::string message_json(const broker::StoredMessage& message) {
  json::object object;
  object["subject"] = message.subject;
  object["seq"] = message.sequence.value();
  if (!message.headers.empty()) object["hdrs"] = base64(as_bytes(message.headers));
  if (!message.payload.empty()) object["data"] = base64(message.payload);
  object["time"] = rfc3339(message.time_ns);
  return json::serialize(object);
}

}  // namespace firth::jetstream
