// The responses of the JetStream API and its errors; the rows of these are in api_errors.def.
#pragma once

#include <optional>
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
  std::string detail = {};  // what stands for "{}" in the row's text
};
using ApiCheck = std::optional<ApiError>;  // nothing: all is well

// {"code":404,"err_code":10059,"description":"stream not found"}
std::string error_json(const ApiError& error);
// A whole response of that type ("stream_info_response").
std::string error_response(std::string_view type, const ApiError& error);
// The same with members: `"success":true`.
std::string api_response(std::string_view type, std::string_view members);

}  // namespace firth::jetstream
