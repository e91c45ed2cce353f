// Consumers in JSON: what the API takes and gives.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "broker/consumer_state.h"
#include "jetstream/consumer_error.h"

namespace firth::jetstream {

struct ConsumerRequest {
  enum class Action : std::uint8_t { kEither, kCreate, kUpdate };
  std::string stream;
  Action action = Action::kEither;
  broker::ConsumerConfig config;
};
// 10025: not JSON, a field that there is not, or one that is not served.
std::variant<ConsumerRequest, ConsumerError> parse_consumer_request(std::string_view body);

// The offset that a list request asks for; 0 if it names none.
std::size_t parse_list_offset(std::string_view body);

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

// "io.nats.jetstream.api.v1." + type, then the members.
std::string api_response(std::string_view type, std::string_view members);
std::string api_error(std::string_view type, const ConsumerError& error);
std::string quoted(std::string_view text);
// RFC 3339 with what nanoseconds there are.
std::string format_time(std::int64_t ns);

}  // namespace firth::jetstream
