// Streams in JSON: StreamConfig is an encoding of broker::TopicConfig; one table row a field.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "broker/stream.h"
#include "jetstream/api_errors.h"

namespace firth::jetstream {

struct StreamRequest {
  std::string name;
  broker::TopicConfig config;
};
// `base` is what absent fields keep: the defaults, or the config that is updated. kInvalidJson also for a field that nobody knows.
std::expected<StreamRequest, ApiError> parse_stream_request(std::string_view body, broker::TopicConfig base);
// Defaults that depend on others, then the rules, in the order in which the real server tells them.
std::expected<void, ApiError> complete_config(std::string_view name, broker::TopicConfig& config);
std::expected<void, ApiError> check_update(const broker::TopicConfig& before, const broker::TopicConfig& after);

// The members config, created, state and ts, without braces.
std::string stream_members(broker::Stream& stream, std::string_view subjects_filter, std::int64_t now_ns);
std::string message_json(const broker::StoredMessage& message);
// RFC 3339 with what nanoseconds there are.
std::string rfc3339(std::int64_t time_ns);

}  // namespace firth::jetstream
