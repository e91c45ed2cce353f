// Consumers in JSON: what the API takes and gives.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "broker/consumer_state.h"
#include "jetstream/api_errors.h"

namespace firth::jetstream {

struct ConsumerRequest {
  enum class Action : std::uint8_t { kEither, kCreate, kUpdate };
  std::string stream;
  Action action = Action::kEither;
  bool has_single_filter = false;  // `filter_subject`; beside `filter_subjects` it is refused
  broker::ConsumerConfig config;
};
// kInvalidJson: not JSON, or a field that nobody knows; kConsumerFailed: one that is not served asks for something.
std::expected<ConsumerRequest, ApiError> parse_consumer_request(std::string_view body);

// The offset that a list request asks for; 0 if it names none.
std::expected<std::size_t, ApiError> parse_list_offset(std::string_view body);

// What a ConsumerInfo says. Times since 1970; 0: never.
struct ConsumerInfo {
  std::string_view stream;
  const broker::ConsumerConfig& config;
  std::int64_t created_ns = 0;
  broker::AckPosition delivered, floor;
  std::int64_t delivered_ns = 0, acknowledged_ns = 0;
  std::uint64_t ack_pending = 0, redelivered = 0, waiting = 0, pending = 0;
  bool push_bound = false;
  std::int64_t now_ns = 0;
};
// The members of the object, without its braces: a response has a type before them, a list does not.
std::string info_members(const ConsumerInfo& info);

}  // namespace firth::jetstream
