// Kafka's wire format by hand: versions without tagged fields, the oldest that a 4.x broker serves or a little above.
#include "bench/load/kafka_wire.h"

#include <concepts>

#include "base/crc32c.h"
#include "base/varint.h"
#include "bench/load/options.h"

namespace firth::load {
namespace {

constexpr std::int16_t kProduce = 0, kApiVersions = 18, kCreateTopics = 19;
constexpr std::int32_t kTimeoutMs = 30000;
constexpr std::size_t kCorrelationIdAt = 8;  // after size, key, version
constexpr std::size_t kBatchHeaderBytes = 61;
constexpr std::size_t kCrcAt = 17, kAttributesAt = 21;

template <std::integral T>
void put(std::string& to, T value) {
  std::byte bytes[sizeof value];
  store_be(bytes, value);
  to.append(as_text(bytes));
}

void put_string(std::string& to, std::string_view text) {
  put(to, static_cast<std::int16_t>(text.size()));
  to.append(text);
}

void put_varint(std::string& to, std::int64_t value) {
  std::byte bytes[kMaxVarint64Bytes];
  const std::byte* end = put_signed_varint(bytes, value);
  to.append(as_text({bytes, static_cast<std::size_t>(end - bytes)}));
}

std::string request(std::int16_t key, std::int16_t version, std::int32_t correlation_id, std::string_view body) {
  std::string frame;
  put(frame, std::int32_t{0});
  put(frame, key);
  put(frame, version);
  put(frame, correlation_id);
  put_string(frame, "firth_load");
  frame.append(body);
  store_be(reinterpret_cast<std::byte*>(frame.data()), static_cast<std::int32_t>(frame.size() - 4));
  return frame;
}

std::byte* at(std::string& text, std::size_t position) { return reinterpret_cast<std::byte*>(text.data() + position); }
const std::byte* at(std::string_view text, std::size_t position) { return reinterpret_cast<const std::byte*>(text.data() + position); }

}  // namespace

std::string api_versions_request(std::int32_t correlation_id) { return request(kApiVersions, 0, correlation_id, {}); }

std::string create_topic_request(std::int32_t correlation_id, std::string_view topic) {
  std::string body;
  put(body, std::int32_t{1});
  put_string(body, topic);
  put(body, std::int32_t{1});  // partitions
  put(body, std::int16_t{1});  // replication factor
  put(body, std::int32_t{0});  // assignments
  put(body, std::int32_t{0});  // configs
  put(body, kTimeoutMs);
  body.push_back(0);  // not only a validation
  return request(kCreateTopics, 2, correlation_id, body);
}

std::string produce_request(std::int32_t correlation_id, std::string_view topic, std::string_view batch) {
  std::string body;
  put(body, std::int16_t{-1});  // no transactional id
  put(body, std::int16_t{-1});  // acks = all
  put(body, kTimeoutMs);
  put(body, std::int32_t{1});
  put_string(body, topic);
  put(body, std::int32_t{1});
  put(body, std::int32_t{0});  // partition
  put(body, static_cast<std::int32_t>(batch.size()));
  body.append(batch);
  return request(kProduce, 7, correlation_id, body);
}

void set_correlation_id(std::string& frame, std::int32_t correlation_id) { store_be(at(frame, kCorrelationIdAt), correlation_id); }

std::string record_batch(std::size_t records, std::size_t value_bytes, std::int64_t timestamp_ms) {
  std::string batch(kBatchHeaderBytes, '\0');
  const std::string value(value_bytes, 'x');
  for (std::size_t i = 0; i < records; ++i) {
    std::string record;
    record.push_back(0);    // attributes
    put_varint(record, 0);  // timestamp delta
    put_varint(record, static_cast<std::int64_t>(i));
    put_varint(record, -1);  // no key
    put_varint(record, static_cast<std::int64_t>(value_bytes));
    record.append(value);
    put_varint(record, 0);  // headers
    put_varint(batch, static_cast<std::int64_t>(record.size()));
    batch.append(record);
  }
  store_be(at(batch, 8), static_cast<std::int32_t>(batch.size() - 12));
  store_be(at(batch, 12), std::int32_t{-1});  // leader epoch
  store_be(at(batch, 16), std::int8_t{2});    // magic
  store_be(at(batch, 23), static_cast<std::int32_t>(records - 1));
  store_be(at(batch, 27), timestamp_ms);
  store_be(at(batch, 35), timestamp_ms);
  store_be(at(batch, 43), std::int64_t{-1});  // no producer, so no epoch and no sequence
  store_be(at(batch, 51), std::int16_t{-1});
  store_be(at(batch, 53), std::int32_t{-1});
  store_be(at(batch, 57), static_cast<std::int32_t>(records));
  store_be(at(batch, kCrcAt), crc32c(as_bytes(std::string_view(batch).substr(kAttributesAt))));
  return batch;
}

std::string_view next_response(Connection& connection) {
  const std::string_view input = connection.input();
  if (input.size() < 4) return {};
  const auto size = static_cast<std::size_t>(load_be<std::int32_t>(at(input, 0)));
  if (input.size() < 4 + size) return {};
  connection.take(4 + size);
  return input.substr(4, size);
}

std::int32_t correlation_id_of(std::string_view response) {
  if (response.size() < 4) give_up("a response without a correlation id");
  return load_be<std::int32_t>(at(response, 0));
}

Produced produced_in(std::string_view response, std::string_view topic) {
  // correlation id, one topic, its name, one partition, its index
  const std::size_t error_at = 4 + 4 + 2 + topic.size() + 4 + 4;
  if (response.size() < error_at + 10) give_up("a produce response of %zu bytes", response.size());
  return {.error_code = load_be<std::int16_t>(at(response, error_at)), .base_offset = load_be<std::int64_t>(at(response, error_at + 2))};
}

}  // namespace firth::load
