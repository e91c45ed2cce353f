// The APIs that are served.
#include <algorithm>
#include <array>

#include "kafka/handlers/api_versions.h"
#include "kafka/handlers/group_admin.h"
#include "kafka/handlers/group_membership.h"
#include "kafka/handlers/group_offsets.h"

namespace firth::kafka {
namespace {

constexpr std::array kHandlers{
    handler_row<OffsetCommit>(), handler_row<OffsetFetch>(), handler_row<FindCoordinator>(), handler_row<JoinGroup>(),
    handler_row<Heartbeat>(),    handler_row<LeaveGroup>(),  handler_row<SyncGroup>(),       handler_row<DescribeGroups>(),
    handler_row<ListGroups>(),   handler_row<ApiVersions>(), handler_row<DeleteGroups>(),
};

}  // namespace

std::span<const HandlerRow> handlers() { return kHandlers; }

const HandlerRow* find_handler(std::int16_t key) {
  const auto found = std::ranges::find_if(kHandlers, [&](const HandlerRow& row) { return static_cast<std::int16_t>(row.api.key) == key; });
  return found == kHandlers.end() ? nullptr : &*found;
}

}  // namespace firth::kafka
