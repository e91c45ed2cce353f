// What an administrator is told of a topic that cannot be made or changed: a code for the client, a sentence for the person.
#pragma once

#include <cstdint>
#include <string>

#include "kafka/error_code.h"

namespace firth::kafka {

struct Refusal {
  ErrorCode code;
  std::string text;
};

inline constexpr std::int32_t kMaxNewPartitions = 10'000;  // of a topic, in one request

}  // namespace firth::kafka
