// The APIs that are served.
#include <algorithm>
#include <array>

#include "kafka/handlers/api_versions.h"

namespace firth::kafka {
namespace {

constexpr std::array kHandlers{
    handler_row<ApiVersions>(),
};

}  // namespace

std::span<const HandlerRow> handlers() { return kHandlers; }

const HandlerRow* find_handler(std::int16_t key) {
  const auto found = std::ranges::find_if(kHandlers, [&](const HandlerRow& row) { return static_cast<std::int16_t>(row.api.key) == key; });
  return found == kHandlers.end() ? nullptr : &*found;
}

}  // namespace firth::kafka
