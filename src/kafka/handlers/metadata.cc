// Metadata: the one broker, which leads everything, and the account's topics. What is missing is made, if the client allows it.
#include "kafka/handlers/metadata.h"

#include "kafka/errors.h"
#include "kafka/handlers/topic_requests.h"
#include "kafka/operations.h"

namespace firth::kafka {
namespace {

constexpr std::int16_t kFirstWithEpochs = 7;
constexpr std::string_view kInternalPrefix = "__";

MetadataResponseTopic describe(const broker::Topic& topic) {
  MetadataResponseTopic answer;
  answer.name = topic.name;
  answer.topic_id = topic.id;
  answer.is_internal = broker::is_internal(topic.name);
  for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
    auto& partition = answer.partitions.emplace_back();
    partition.partition_index = static_cast<std::int32_t>(i);
    partition.leader_id = kNodeId;
    partition.replica_nodes = {kNodeId};
    partition.isr_nodes = {kNodeId};
  }
  return answer;
}

MetadataResponseTopic absent(const MetadataRequestTopic& wanted, ErrorCode code) {
  MetadataResponseTopic answer;
  answer.error_code = code;
  answer.name = wanted.name;
  answer.topic_id = wanted.topic_id;
  return answer;
}

runtime::Task<MetadataResponseTopic> find_or_make(const Context& context, const MetadataRequestTopic& wanted, bool may_make) {
  if (!wanted.name.has_value() || (wanted.name->empty() && !wanted.topic_id.is_zero())) {
    const broker::TopicPointer topic = context.topic(wanted.topic_id);
    co_return topic == nullptr ? absent(wanted, ErrorCode::kUnknownTopicId) : describe(*topic);
  }
  const std::string& name = *wanted.name;
  if (const broker::TopicPointer topic = context.topic(name); topic != nullptr) co_return describe(*topic);
  if (!broker::check_topic_name(name).ok()) co_return absent(wanted, ErrorCode::kInvalidTopicException);
  if (!may_make || name.starts_with(kInternalPrefix)) co_return absent(wanted, ErrorCode::kUnknownTopicOrPartition);
  const Result<broker::TopicPointer> made = co_await make_topic(context, name);
  if (made.ok()) co_return describe(**made);
  co_return absent(wanted, made.error().code == Errc::kExists ? ErrorCode::kInvalidTopicException : to_kafka(made.error().code));
}

struct Slot {
  PartitionPlace place;
  MetadataResponsePartition* answer;
};

runtime::Task<bool> tell_epochs_there(std::vector<Slot*> slots) {
  for (Slot* slot : slots)
    if (const log::Partition* partition = slot->place.partition(); partition != nullptr)
      slot->answer->leader_epoch = partition->state().epoch().value();
  co_return true;
}

// A partition's leader epoch is its home shard's to know. One that dies meanwhile has none, which clients take for "not known".
runtime::Task<> tell_epochs(const Context& context, MetadataResponse& response) {
  std::vector<Slot> slots;
  for (MetadataResponseTopic& topic : response.topics) {
    const broker::TopicPointer there = context.topic(topic.topic_id);
    for (MetadataResponsePartition& partition : topic.partitions) {
      PartitionPlace place = find_partition(context, there, partition.partition_index, ErrorCode::kUnknownTopicOrPartition);
      if (place.error == ErrorCode::kNone) slots.push_back({.place = std::move(place), .answer = &partition});
    }
  }
  co_await run_on_homes(context, slots, tell_epochs_there);
}

}  // namespace

runtime::Task<MetadataResponse> Metadata::handle(const Context& context, MetadataRequest request) {
  const Settings& settings = context.face.settings;
  MetadataResponse response;
  auto& broker = response.brokers.emplace_back();
  broker.node_id = kNodeId;
  broker.host = settings.advertised_host;
  broker.port = settings.advertised_port;
  response.cluster_id = settings.cluster_id;
  response.controller_id = kNodeId;
  const bool wants_all = !request.topics.has_value() || (context.api_version == 0 && request.topics->empty());
  if (wants_all) {
    for (const auto& [name, topic] : context.broker.catalog().by_name())
      if (topic->account == context.account && broker::check_topic_name(topic->name).ok()) response.topics.push_back(describe(*topic));
  } else {
    const bool may_make = settings.auto_create_topics && request.allow_auto_topic_creation;
    for (const auto& wanted : *request.topics) response.topics.push_back(co_await find_or_make(context, wanted, may_make));
  }
  if (request.include_topic_authorized_operations)
    for (MetadataResponseTopic& topic : response.topics)
      if (topic.error_code == ErrorCode::kNone) topic.topic_authorized_operations = kTopicOperations;
  if (request.include_cluster_authorized_operations) response.cluster_authorized_operations = kClusterOperations;
  if (context.api_version >= kFirstWithEpochs) co_await tell_epochs(context, response);
  co_return response;
}

}  // namespace firth::kafka
