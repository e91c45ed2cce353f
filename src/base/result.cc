#include "base/result.h"

#include <array>

namespace firth {

std::string_view to_string(Errc code) {
  constexpr std::array<std::string_view, 12> kNames = {"invalid", "not found", "exists",      "conflict",    "limit",     "no space",
                                                       "storage", "corrupt",   "unsupported", "unavailable", "cancelled", "denied"};
  return kNames.at(static_cast<unsigned char>(code));
}

}  // namespace firth
