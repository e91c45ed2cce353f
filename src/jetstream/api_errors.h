// The errors of the JetStream API; the rows are in api_errors.def.
#pragma once

#include <string>
#include <string_view>

namespace firth::jetstream {

enum class ApiErrorName {
#define FIRTH_API_ERROR(name, err_code, code, text) name,
#include "jetstream/api_errors.def"
#undef FIRTH_API_ERROR
};

struct ApiError {
  ApiErrorName name;
  std::string detail = {};
};

// {"code":404,"err_code":10059,"description":"stream not found"}
std::string error_json(const ApiError& error);
// A whole response of that type ("stream_info_response").
std::string error_response(std::string_view type, const ApiError& error);

}  // namespace firth::jetstream
