// The four Kafka requests that the generator needs, written by hand: it must not share code with the server that it measures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "bench/load/connection.h"

namespace firth::load {

// ApiVersions v0, CreateTopics v2 (one partition), Produce v7 (acks = all, one batch): whole frames with the size in front.
std::string api_versions_request(std::int32_t correlation_id);
std::string create_topic_request(std::int32_t correlation_id, std::string_view topic);
std::string produce_request(std::int32_t correlation_id, std::string_view topic, std::string_view batch);

// In a frame that was made above.
void set_correlation_id(std::string& frame, std::int32_t correlation_id);

// A record batch v2 of `records` records without keys, each with a value of `value_bytes` bytes, created at `timestamp_ms`.
std::string record_batch(std::size_t records, std::size_t value_bytes, std::int64_t timestamp_ms);

// Takes the first whole response from the input: its bytes after the size, or nothing. The view lives until the connection is used again.
std::string_view next_response(Connection& connection);
std::int32_t correlation_id_of(std::string_view response);

// Of a Produce v7 response for one partition of that topic.
struct Produced {
  std::int16_t error_code;
  std::int64_t base_offset;
};
Produced produced_in(std::string_view response, std::string_view topic);

}  // namespace firth::load
