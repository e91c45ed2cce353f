#include "runtime/system_error.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>

namespace firth::runtime {

Errc errc_of(int error_number) {
  switch (error_number) {
    case ENOENT:
      return Errc::kNotFound;
    case EEXIST:
    case EADDRINUSE:
      return Errc::kExists;
    case ENOSPC:
    case EDQUOT:
      return Errc::kNoSpace;
    default:
      return Errc::kStorage;
  }
}

Error system_error(std::string_view operation, std::string_view object, int error_number) {
  const char* const text = strerrordesc_np(error_number);  // unlike strerror, without a shared buffer
  const char* const name = strerrorname_np(error_number);
  return {errc_of(error_number), fmt::format("{} {}: {} ({})", operation, object, text != nullptr ? text : "unknown error",
                                             name != nullptr ? name : fmt::format("errno {}", error_number).c_str())};
}

}  // namespace firth::runtime
