// What each of Kafka's error codes is called and means, and which one stands for an error of ours: the one place of the Kafka face that
// chooses. A handler that knows better than to_kafka (a group that is not found is no topic) names the code itself.
#pragma once

#include <string_view>

#include "base/result.h"
#include "kafka/error_code.h"

namespace firth::kafka {

enum class Retry : bool { kFinal, kRetriable };

struct ErrorRow {
  ErrorCode code;
  std::string_view name;  // as Kafka's documentation and tools write it
  Retry retry;            // whether Kafka's own clients try again by themselves
  std::string_view text;  // for a person
};

// The row of the code; UNKNOWN_SERVER_ERROR's if there is no such code.
const ErrorRow& error_row(ErrorCode code);

ErrorCode to_kafka(Errc code);

}  // namespace firth::kafka
