// The errors of the consumer API, as clients test for them: status, number, text.
#pragma once

#include <optional>
#include <string>

namespace firth::jetstream {

struct ConsumerError {
  int code = 400;
  int number = 0;
  std::string text;
};
using ConsumerCheck = std::optional<ConsumerError>;  // nothing: all is well

}  // namespace firth::jetstream
