// What a client asks of a pull consumer, and what it is told besides messages.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace firth::jetstream {

struct PullRequest {
  std::int64_t batch = 1;
  std::chrono::nanoseconds expires{0};  // 0: as long as the client listens
  std::int64_t max_bytes = 0;           // 0: no limit
  std::chrono::nanoseconds idle_heartbeat{0};
  bool no_wait = false;
  std::int64_t priority = 0;
  bool asks_overflow = false, asks_pin = false;  // of priority groups, which no consumer here has
};
// The body of MSG.NEXT and of +NXT: a number, or JSON; anything else asks for one message. kInvalid, with the text of the status.
Result<PullRequest> parse_pull_request(std::string_view body);

// -NAK's argument: "", a duration as Go writes it, or {"delay": nanoseconds}. What cannot be read is no delay.
std::chrono::nanoseconds parse_nak_delay(std::string_view argument);
// As Go writes it: "1m2.3s", "1s", "100ms".
std::string go_duration(std::chrono::nanoseconds duration);

// A header block that is a status and nothing else, or with lines, each ended by CR LF.
std::string status_block(std::string_view status, std::string_view lines = {});

}  // namespace firth::jetstream
