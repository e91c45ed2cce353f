// The APIs that are served.
#include <algorithm>
#include <array>

#include "kafka/handlers/api_versions.h"
#include "kafka/handlers/create_partitions.h"
#include "kafka/handlers/create_topics.h"
#include "kafka/handlers/delete_records.h"
#include "kafka/handlers/delete_topics.h"
#include "kafka/handlers/describe_cluster.h"
#include "kafka/handlers/describe_configs.h"
#include "kafka/handlers/fetch.h"
#include "kafka/handlers/group_admin.h"
#include "kafka/handlers/group_membership.h"
#include "kafka/handlers/group_offsets.h"
#include "kafka/handlers/init_producer_id.h"
#include "kafka/handlers/list_offsets.h"
#include "kafka/handlers/metadata.h"
#include "kafka/handlers/offset_for_leader_epoch.h"
#include "kafka/handlers/produce.h"

namespace firth::kafka {
namespace {

constexpr std::array kHandlers{
    handler_row<Produce>(InFlight::kTogether),
    handler_row<Fetch>(),
    handler_row<ListOffsets>(),
    handler_row<Metadata>(),
    handler_row<OffsetCommit>(),
    handler_row<OffsetFetch>(),
    handler_row<FindCoordinator>(),
    handler_row<JoinGroup>(),
    handler_row<Heartbeat>(),
    handler_row<LeaveGroup>(),
    handler_row<SyncGroup>(),
    handler_row<DescribeGroups>(),
    handler_row<ListGroups>(),
    handler_row<ApiVersions>(),
    handler_row<CreateTopics>(),
    handler_row<DeleteTopics>(),
    handler_row<DeleteRecords>(),
    handler_row<InitProducerId>(),
    handler_row<OffsetForLeaderEpoch>(),
    handler_row<DescribeConfigs>(),
    handler_row<CreatePartitions>(),
    handler_row<DeleteGroups>(),
    handler_row<DescribeCluster>(),
};

}  // namespace

std::span<const HandlerRow> handlers() { return kHandlers; }

const HandlerRow* find_handler(std::int16_t key) {
  const auto found = std::ranges::find_if(kHandlers, [&](const HandlerRow& row) { return static_cast<std::int16_t>(row.api.key) == key; });
  return found == kHandlers.end() ? nullptr : &*found;
}

}  // namespace firth::kafka
