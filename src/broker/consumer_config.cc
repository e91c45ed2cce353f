#include "broker/consumer_config.h"

namespace firth::broker {
namespace {

constexpr std::uint8_t kVersion = 1;
using std::chrono::nanoseconds;

// One list of the fields for both directions: they cannot differ in order.
template <class Visitor, class Config>
void visit_fields(Visitor& visit, Config& config) {
  visit(config.name);
  visit(config.durable_name);
  visit(config.description);
  visit(config.deliver_policy);
  visit(config.start_sequence);
  visit(config.start_time_ns);
  visit(config.ack_policy);
  visit(config.ack_wait);
  visit(config.max_deliver);
  visit(config.backoff);
  visit(config.filters);
  visit(config.several_filters);
  visit(config.replay_policy);
  visit(config.rate_limit_bps);
  visit(config.sample_frequency);
  visit(config.max_waiting);
  visit(config.max_ack_pending);
  visit(config.flow_control);
  visit(config.headers_only);
  visit(config.max_batch);
  visit(config.max_expires);
  visit(config.max_bytes);
  visit(config.idle_heartbeat);
  visit(config.deliver_subject);
  visit(config.deliver_group);
  visit(config.inactive_threshold);
  visit(config.replicas);
  visit(config.memory_storage);
  visit(config.metadata);
}

struct Encoder {
  log::ByteWriter& to;

  void operator()(const std::string& value) { to.prefixed(value); }
  void operator()(std::uint64_t value) { to.varint(value); }
  void operator()(std::int64_t value) { to.signed_varint(value); }
  void operator()(nanoseconds value) { to.signed_varint(value.count()); }
  void operator()(bool value) { to.fixed(static_cast<std::uint8_t>(value)); }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void operator()(Enum value) {
    to.fixed(static_cast<std::uint8_t>(value));
  }
  template <class T>
  void operator()(const std::vector<T>& values) {
    to.varint(values.size());
    for (const T& value : values) (*this)(value);
  }
  void operator()(const std::map<std::string, std::string>& values) {
    to.varint(values.size());
    for (const auto& [key, value] : values) {
      to.prefixed(key);
      to.prefixed(value);
    }
  }
};

struct Decoder {
  log::ByteReader from;
  bool valid = true;

  void operator()(std::string& value) { value = from.text(); }
  void operator()(std::uint64_t& value) { value = from.varint(); }
  void operator()(std::int64_t& value) { value = from.signed_varint(); }
  void operator()(nanoseconds& value) { value = nanoseconds(from.signed_varint()); }
  void operator()(bool& value) { value = below<std::uint8_t>(2) != 0; }
  void operator()(DeliverPolicy& value) { value = static_cast<DeliverPolicy>(below<std::uint8_t>(6)); }
  void operator()(AckTracker::Policy& value) { value = static_cast<AckTracker::Policy>(below<std::uint8_t>(3)); }
  void operator()(ReplayPolicy& value) { value = static_cast<ReplayPolicy>(below<std::uint8_t>(2)); }
  template <class T>
  void operator()(std::vector<T>& values) {
    values.resize(from.count(1));
    for (T& value : values) (*this)(value);
  }
  void operator()(std::map<std::string, std::string>& values) {
    for (std::size_t left = from.count(2); left > 0; --left) {
      const std::string key(from.text());
      values.emplace(key, from.text());
    }
  }
  template <class T>
  T below(T limit) {
    const T value = from.fixed<T>();
    valid = valid && value < limit;
    return value < limit ? value : T{};
  }
};

}  // namespace

void encode(const ConsumerConfig& config, log::ByteWriter& to) {
  to.fixed(kVersion);
  Encoder encoder{to};
  visit_fields(encoder, config);
}

Result<ConsumerConfig> decode_consumer_config(ByteView bytes) {
  Decoder decoder{log::ByteReader(bytes)};
  const auto version = decoder.from.fixed<std::uint8_t>();
  if (decoder.from.ok() && version != kVersion) return Error{Errc::kUnsupported, "a consumer's config of a later version"};
  ConsumerConfig config;
  visit_fields(decoder, config);
  if (!decoder.valid || !decoder.from.done()) return Error{Errc::kCorrupt, "a consumer's config is not of the form that is written"};
  return config;
}

}  // namespace firth::broker
