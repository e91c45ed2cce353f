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
// `base` is what absent fields keep. kInvalidJson also for a field that nobody knows.
std::expected<StreamRequest, ApiError> parse_stream_request(std::string_view body, broker::TopicConfig base);
// What an update starts from: what JetStream knows goes back to its defaults, what only Kafka knows stays, and so do the subjects of a
// topic that Kafka clients made (docs/one-log.md, "Configuration").
broker::TopicConfig update_base(const broker::TopicConfig& before);

struct StreamDetails {
  std::string subjects_filter;  // "": no subjects are listed
  std::size_t subjects_offset = 0;
  bool deleted = false;
};
// The members config, created, state and ts, without braces; of a long list of subjects also its place: total, offset, limit.
std::string stream_members(broker::Stream& stream, const StreamDetails& details, std::int64_t now_ns);
std::string message_json(const broker::StoredMessage& message);

}  // namespace firth::jetstream
