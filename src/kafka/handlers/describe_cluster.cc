#include "kafka/handlers/describe_cluster.h"

#include "kafka/operations.h"

namespace firth::kafka {
namespace {

constexpr std::int8_t kBrokers = 1;

}  // namespace

runtime::Task<DescribeClusterResponse> DescribeCluster::handle(const Context& context, DescribeClusterRequest request) {
  const Settings& settings = context.face.settings;
  DescribeClusterResponse response;
  response.cluster_id = settings.cluster_id;
  response.endpoint_type = request.endpoint_type;
  if (request.endpoint_type != kBrokers) {
    response.error_code = ErrorCode::kMismatchedEndpointType;
    response.error_message = "This is a listener of brokers.";
    co_return response;
  }
  response.controller_id = kNodeId;
  if (request.include_cluster_authorized_operations) response.cluster_authorized_operations = kClusterOperations;
  auto& broker = response.brokers.emplace_back();
  broker.broker_id = kNodeId;
  broker.host = settings.advertised_host;
  broker.port = settings.advertised_port;
  co_return response;
}

}  // namespace firth::kafka
