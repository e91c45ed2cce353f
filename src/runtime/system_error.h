// Errors of system calls, in one form: operation, object, errno in words and by name.
#pragma once

#include <string_view>

#include "base/result.h"

namespace firth::runtime {

// kNotFound: ENOENT. kExists: EEXIST, EADDRINUSE. kNoSpace: ENOSPC, EDQUOT. kStorage: all else.
Errc errc_of(int error_number);
Error system_error(std::string_view operation, std::string_view object, int error_number);

}  // namespace firth::runtime
