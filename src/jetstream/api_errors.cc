#include "jetstream/api_errors.h"

#include <fmt/core.h>

#include <boost/json.hpp>

namespace firth::jetstream {
namespace {

struct Row {
  int err_code;
  int code;
  std::string_view text;
};
constexpr Row kRows[] = {
#define FIRTH_API_ERROR(name, err_code, code, text) {err_code, code, text},
#include "jetstream/api_errors.def"
#undef FIRTH_API_ERROR
};

}  // namespace

std::string error_json(const ApiError& error) {
  const Row& row = kRows[static_cast<std::size_t>(error.name)];
  std::string text(row.text);
  if (const std::size_t at = text.find("{}"); at != std::string::npos) text.replace(at, 2, error.detail);
  return fmt::format(R"({{"code":{},"err_code":{},"description":{}}})", row.code, row.err_code,
                     boost::json::serialize(boost::json::string(text)));
}

std::string error_response(std::string_view type, const ApiError& error) {
  return api_response(type, fmt::format(R"("error":{})", error_json(error)));
}

std::string api_response(std::string_view type, std::string_view members) {
  return fmt::format(R"({{"type":"io.nats.jetstream.api.v1.{}",{}}})", type, members);
}

}  // namespace firth::jetstream
