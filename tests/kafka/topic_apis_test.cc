// The APIs of topics and partitions, over the simulated network, on one and two shards: which error says what, and what clients rely on.
#include <gtest/gtest.h>

#include "kafka/generated/create_partitions.h"
#include "kafka/generated/create_topics.h"
#include "kafka/generated/delete_records.h"
#include "kafka/generated/describe_configs.h"
#include "kafka/generated/fetch.h"
#include "kafka/generated/list_offsets.h"
#include "kafka/generated/metadata.h"
#include "kafka/generated/offset_for_leader_epoch.h"
#include "log/acts.h"
#include "tests/kafka/kafka_world.h"

namespace firth::kafka {
namespace {

using namespace std::chrono_literals;
using test::batch_of;
using test::Caller;
using test::KafkaWorld;
using test::produce_request;

constexpr std::int32_t kAll = 1 << 20;

class TopicApis : public testing::TestWithParam<std::size_t> {
 protected:
  TopicApis() : server(21, GetParam()), client(server.connect()) {}

  ProduceResponsePartition produce(const std::string& topic, const std::vector<std::string>& values, std::int32_t partition = 0) {
    return client.ask<ProduceResponse>(9, produce_request(topic, batch_of(values), -1, partition)).topics.at(0).partitions.at(0);
  }
  static FetchRequest fetch_of(const std::string& topic, std::int64_t from, std::int32_t partition = 0) {
    FetchRequest request{.max_wait_ms = 0, .min_bytes = 1};
    request.topics.push_back(
        {.name = topic, .partitions = {{.partition_index = partition, .fetch_offset = from, .partition_max_bytes = kAll}}});
    return request;
  }
  FetchResponsePartition fetch(const FetchRequest& request) { return client.ask<FetchResponse>(12, request).topics.at(0).partitions.at(0); }
  FetchResponsePartition fetch(const std::string& topic, std::int64_t from) { return fetch(fetch_of(topic, from)); }
  ListOffsetsResponsePartition list(const std::string& topic, std::int64_t timestamp, std::int32_t epoch = -1) {
    ListOffsetsRequest request;
    request.topics.push_back({.name = topic, .partitions = {{.current_leader_epoch = epoch, .timestamp = timestamp}}});
    return client.ask<ListOffsetsResponse>(7, request).topics.at(0).partitions.at(0);
  }
  DeleteRecordsResponsePartition delete_records(const std::string& topic, std::int64_t offset, std::int32_t partition = 0) {
    DeleteRecordsRequest request;
    request.topics.push_back({.name = topic, .partitions = {{.partition_index = partition, .offset = offset}}});
    return client.ask<DeleteRecordsResponse>(2, request).topics.at(0).partitions.at(0);
  }
  static CreatePartitionsRequestTopic to(std::string name, std::int32_t count) {
    return {.name = std::move(name), .count = count, .assignments = std::nullopt};
  }
  CreatePartitionsResponseResult grow(CreatePartitionsRequestTopic topic, bool validate_only = false) {
    CreatePartitionsRequest request{.validate_only = validate_only};
    request.topics.push_back(std::move(topic));
    return client.ask<CreatePartitionsResponse>(3, request).results.at(0);
  }
  MetadataResponseTopic describe(const std::string& topic) {
    MetadataRequest request{.topics = std::vector<MetadataRequestTopic>{{.name = topic}}, .allow_auto_topic_creation = false};
    return client.ask<MetadataResponse>(12, request).topics.at(0);
  }
  // As a new term of the partition's leader would.
  void begin_epoch(const std::string& topic, std::int32_t epoch) {
    log::Partition& partition = server.partition(topic);
    ASSERT_TRUE(
        partition.act(log::EntryKind::kEpoch, log::encode_epoch({.epoch = LeaderEpoch(epoch), .start = partition.next_offset()})).ok());
    ASSERT_TRUE(server.world().run_until([&] { return partition.state().epoch() == LeaderEpoch(epoch); }, 1s));
  }

  KafkaWorld server;
  Caller client;
};
INSTANTIATE_TEST_SUITE_P(Shards, TopicApis, testing::Values(1, 2));

TEST_P(TopicApis, NobodyWritesIntoInternalTopics) {
  server.make_topic("__consumer_offsets", 1);
  EXPECT_EQ(produce("__consumer_offsets", {"x"}).error_code, ErrorCode::kInvalidTopicException);
  EXPECT_EQ(delete_records("__consumer_offsets", 0).error_code, ErrorCode::kInvalidTopicException);
  EXPECT_EQ(grow(to("__consumer_offsets", 2)).error_code, ErrorCode::kInvalidTopicException);
  EXPECT_EQ(server.partition("__consumer_offsets").next_offset(), Offset(0));
  EXPECT_TRUE(describe("__consumer_offsets").is_internal);
}

// By clients whose views of the catalog are the same: it is the catalog that decides.
TEST_P(TopicApis, TopicsThatAreMadeAtTheSameMoment) {
  Caller other = server.connect();
  const auto creation = [](std::string name, std::string subject) {
    CreateTopicsRequest request;
    request.topics.push_back({.name = std::move(name),
                              .num_partitions = 1,
                              .replication_factor = 1,
                              .configs = {{.name = "nats.subjects", .value = std::move(subject)}}});
    return request;
  };
  const auto refusal_of_one = [&](const CreateTopicsRequest& one, const CreateTopicsRequest& another) {
    // Whichever comes first is not on disk, nor in a view, when the other one comes.
    server.world().files().inject(
        {.operation = sim::Operation::kSyncData, .nth = 1, .path_contains = "journal", .effect = sim::Effect::kStall, .stall = 1s});
    client.send(7, one);
    other.send(7, another);
    CreateTopicsResponseTopic answers[] = {client.receive<CreateTopicsResponse>(7).topics.at(0),
                                           other.receive<CreateTopicsResponse>(7).topics.at(0)};
    if (answers[0].error_code == ErrorCode::kNone) std::swap(answers[0], answers[1]);
    EXPECT_EQ(answers[1].error_code, ErrorCode::kNone);
    return answers[0];
  };
  const auto overlap = refusal_of_one(creation("a", "x.*"), creation("b", "x.y"));
  EXPECT_EQ(overlap.error_code, ErrorCode::kInvalidConfig);
  EXPECT_TRUE(overlap.error_message.value_or("").starts_with("nats.subjects: they overlap with those of topic '"));
  EXPECT_EQ(refusal_of_one(creation("c", "z"), creation("c", "z")).error_code, ErrorCode::kTopicAlreadyExists);
}

TEST_P(TopicApis, APartitionThatIsNotThereIsToldByNameAndById) {
  const TopicId id = server.make_topic("orders");
  EXPECT_EQ(produce("nothing", {"x"}).error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(produce("orders", {"x"}, 1).error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(produce("orders", {"x"}, -1).error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(produce("nothing", {"x"}).base_offset, -1);
  EXPECT_EQ(fetch("nothing", 0).error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(fetch("nothing", 0).high_watermark, -1);
  EXPECT_EQ(list("nothing", -1).error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(delete_records("nothing", 0).error_code, ErrorCode::kUnknownTopicOrPartition);

  ProduceRequest by_id = produce_request("", batch_of({"x"}));
  by_id.topics[0].topic_id = id;
  EXPECT_EQ(client.ask<ProduceResponse>(13, by_id).topics.at(0).partitions.at(0).base_offset, 0);
  by_id.topics[0].topic_id = TopicId{};
  EXPECT_EQ(client.ask<ProduceResponse>(13, by_id).topics.at(0).partitions.at(0).error_code, ErrorCode::kUnknownTopicId);
  FetchRequest fetch_by_id = fetch_of("", 0);
  fetch_by_id.topics[0].topic_id = id;
  EXPECT_EQ(client.ask<FetchResponse>(13, fetch_by_id).topics.at(0).partitions.at(0).high_watermark, 1);
  fetch_by_id.topics[0].topic_id = TopicId{};
  EXPECT_EQ(client.ask<FetchResponse>(13, fetch_by_id).topics.at(0).partitions.at(0).error_code, ErrorCode::kUnknownTopicId);
}

TEST_P(TopicApis, EveryAnswerTellsTheEpochOfThePartition) {
  server.make_topic("orders");
  produce("orders", {"a", "b"});
  EXPECT_EQ(describe("orders").partitions.at(0).leader_epoch, 0);
  begin_epoch("orders", 3);
  produce("orders", {"c"});
  EXPECT_EQ(describe("orders").partitions.at(0).leader_epoch, 3);
  EXPECT_EQ(list("orders", -1).leader_epoch, 3);
  EXPECT_EQ(list("orders", -1, 0).error_code, ErrorCode::kFencedLeaderEpoch);
  EXPECT_EQ(list("orders", -1, 4).error_code, ErrorCode::kUnknownLeaderEpoch);

  FetchRequest request = fetch_of("orders", 3);
  request.topics[0].partitions[0].current_leader_epoch = 0;
  EXPECT_EQ(fetch(request).error_code, ErrorCode::kFencedLeaderEpoch);
  request.topics[0].partitions[0].current_leader_epoch = 3;
  EXPECT_EQ(fetch(request).error_code, ErrorCode::kNone);

  struct Row {
    std::int32_t asked, epoch;
    std::int64_t end;
  };
  for (const Row& row : {Row{0, 0, 2}, Row{2, 0, 2}, Row{3, 3, 3}, Row{4, -1, -1}}) {
    OffsetForLeaderEpochRequest ask;
    ask.topics.push_back({.name = "orders", .partitions = {{.leader_epoch = row.asked}}});
    const auto found = client.ask<OffsetForLeaderEpochResponse>(4, ask).topics.at(0).partitions.at(0);
    EXPECT_EQ(found.leader_epoch, row.epoch) << row.asked;
    EXPECT_EQ(found.end_offset, row.end) << row.asked;
  }
}

TEST_P(TopicApis, AReaderWhoseLogHasPartedIsToldWhere) {
  server.make_topic("orders");
  produce("orders", {"a", "b"});
  begin_epoch("orders", 2);
  produce("orders", {"c"});
  struct Row {
    std::int64_t from;
    std::int32_t last_epoch;
    ErrorCode error;
    std::int32_t diverging_epoch;
    std::int64_t end;
  };
  const Row rows[] = {
      {2, 0, ErrorCode::kNone, -1, -1},              // read all of epoch 0
      {3, 0, ErrorCode::kNone, 0, 2},                // more of epoch 0 than there is
      {3, 1, ErrorCode::kNone, 0, 2},                // an epoch that this log never had
      {9, 0, ErrorCode::kNone, 0, 2},                // told before the offset is judged
      {3, 2, ErrorCode::kNone, -1, -1},              // the newest
      {3, 3, ErrorCode::kOffsetOutOfRange, -1, -1},  // of the future
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(testing::Message() << row.from << " of " << row.last_epoch);
    FetchRequest request = fetch_of("orders", row.from);
    request.topics[0].partitions[0].last_fetched_epoch = row.last_epoch;
    const FetchResponsePartition answer = fetch(request);
    EXPECT_EQ(answer.error_code, row.error);
    EXPECT_EQ(answer.diverging_epoch.epoch, row.diverging_epoch);
    EXPECT_EQ(answer.diverging_epoch.end_offset, row.end);
  }
}

TEST_P(TopicApis, OffsetsOutsideOfThePartition) {
  server.make_topic("orders");
  produce("orders", {"a", "b"});
  EXPECT_EQ(fetch("orders", 3).error_code, ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(fetch("orders", -1).error_code, ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(fetch("orders", 2).error_code, ErrorCode::kNone);
  EXPECT_EQ(fetch("orders", 1).records->size(), batch_of({"a", "b"}).size()) << "the whole batch";
}

TEST_P(TopicApis, TheFirstBatchIsSentHoweverSmallTheLimit) {
  server.make_topic("orders", 2);
  produce("orders", {std::string(1000, 'x')}, 0);
  produce("orders", {std::string(1000, 'y')}, 1);
  FetchRequest request = fetch_of("orders", 0);
  request.max_bytes = 1;
  request.topics[0].partitions.push_back({.partition_index = 1, .partition_max_bytes = 1});
  request.topics[0].partitions[0].partition_max_bytes = 1;
  const FetchResponse answer = client.ask<FetchResponse>(12, request);
  EXPECT_GT(answer.topics.at(0).partitions.at(0).records->size(), 1000u);
  EXPECT_EQ(answer.topics.at(0).partitions.at(1).records->size(), 0u) << "once there is something, limits hold";
  EXPECT_EQ(answer.topics.at(0).partitions.at(1).high_watermark, 1);
}

TEST_P(TopicApis, ABrokerWithoutFetchSessions) {
  server.make_topic("orders");
  struct Row {
    std::int32_t id, epoch;
    ErrorCode error;
  };
  const Row rows[] = {{0, -1, ErrorCode::kNone},
                      {0, 0, ErrorCode::kNone},
                      {7, 0, ErrorCode::kNone},
                      {7, -1, ErrorCode::kNone},
                      {7, 1, ErrorCode::kFetchSessionIdNotFound}};
  for (const Row& row : rows) {
    FetchRequest request = fetch_of("orders", 0);
    request.session_id = row.id;
    request.session_epoch = row.epoch;
    const FetchResponse answer = client.ask<FetchResponse>(12, request);
    EXPECT_EQ(answer.error_code, row.error) << row.id << ' ' << row.epoch;
    EXPECT_EQ(answer.session_id, 0);
    EXPECT_EQ(answer.topics.size(), row.error == ErrorCode::kNone ? 1u : 0u);
  }
}

TEST_P(TopicApis, AFetchOfNothingDoesNotWait) {
  EXPECT_TRUE(client.ask<FetchResponse>(12, FetchRequest{.max_wait_ms = 60'000, .min_bytes = 1}).topics.empty());
}

TEST_P(TopicApis, DeleteRecordsMovesTheLogStart) {
  server.make_topic("orders");
  for (int i = 0; i < 5; ++i) produce("orders", {"x", "y"});
  EXPECT_EQ(delete_records("orders", 11).error_code, ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(delete_records("orders", -2).error_code, ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(delete_records("orders", 0).low_watermark, 0);
  EXPECT_EQ(delete_records("orders", 3).low_watermark, 3);
  EXPECT_EQ(delete_records("orders", 2).low_watermark, 3) << "never back";
  EXPECT_EQ(list("orders", -2).offset, 3);
  EXPECT_EQ(fetch("orders", 2).error_code, ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(fetch("orders", 3).log_start_offset, 3);
  EXPECT_GT(fetch("orders", 3).records->size(), 0u);
  server.kill();
  server.open();
  client = server.connect();
  EXPECT_EQ(list("orders", -2).offset, 3);
  EXPECT_EQ(delete_records("orders", -1).low_watermark, 10);
  EXPECT_EQ(list("orders", -2).offset, 10);
  EXPECT_EQ(produce("orders", {"z"}).base_offset, 10);
}

TEST_P(TopicApis, RecordsOfACompactedTopicAreNotDeleted) {
  broker::TopicConfig config = broker::kafka_defaults();
  config.cleanup_policy = {.remove = false, .compact = true};
  server.make_topic("table", 1, config);
  EXPECT_EQ(delete_records("table", 0).error_code, ErrorCode::kPolicyViolation);
  config.cleanup_policy = {.remove = true, .compact = true};
  server.make_topic("both", 1, config);
  EXPECT_EQ(delete_records("both", 0).error_code, ErrorCode::kNone);
}

TEST_P(TopicApis, ATopicGrows) {
  server.make_topic("orders", 2);
  produce("orders", {"old"}, 1);
  EXPECT_EQ(grow(to("orders", 5), true).error_code, ErrorCode::kNone);
  EXPECT_EQ(describe("orders").partitions.size(), 2u) << "only asked whether it could";
  EXPECT_EQ(grow(to("orders", 5)).error_code, ErrorCode::kNone);
  EXPECT_EQ(describe("orders").partitions.size(), 5u);
  EXPECT_EQ(produce("orders", {"new"}, 4).base_offset, 0);
  EXPECT_EQ(produce("orders", {"more"}, 1).base_offset, 1);
  server.kill();
  server.open();
  client = server.connect();
  EXPECT_EQ(describe("orders").partitions.size(), 5u);
  EXPECT_EQ(produce("orders", {"more"}, 4).base_offset, 1);
}

TEST_P(TopicApis, ATopicThatCannotGrow) {
  server.make_topic("orders", 2);
  broker::TopicConfig stream = broker::stream_defaults();
  stream.subjects = {"events.>"};
  server.make_topic("events", 1, stream);
  using Assignments = std::vector<CreatePartitionsRequestAssignment>;
  struct Row {
    CreatePartitionsRequestTopic topic;
    ErrorCode error;
  };
  const Row rows[] = {
      {to("nothing", 3), ErrorCode::kUnknownTopicOrPartition},
      {to("orders", 2), ErrorCode::kInvalidPartitions},
      {to("orders", 1), ErrorCode::kInvalidPartitions},
      {to("orders", -1), ErrorCode::kInvalidPartitions},
      {to("orders", 1'000'000), ErrorCode::kInvalidPartitions},
      {{.name = "orders", .count = 4, .assignments = Assignments{{{1}}}}, ErrorCode::kInvalidReplicaAssignment},
      {{.name = "orders", .count = 3, .assignments = Assignments{{{2}}}}, ErrorCode::kInvalidReplicaAssignment},
      {{.name = "orders", .count = 3, .assignments = Assignments{{{1}}}}, ErrorCode::kNone},
      {to("events", 2), ErrorCode::kInvalidPartitions},
  };
  for (const Row& row : rows) EXPECT_EQ(grow(row.topic).error_code, row.error) << row.topic.name << ' ' << row.topic.count;
  CreatePartitionsRequest twice;
  twice.topics = {to("orders", 9), to("orders", 8)};
  const auto refused = client.ask<CreatePartitionsResponse>(3, twice);
  ASSERT_EQ(refused.results.size(), 1u);
  EXPECT_EQ(refused.results[0].error_code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(describe("orders").partitions.size(), 3u);
}

TEST_P(TopicApis, ConfigsTellWhereTheyComeFrom) {
  broker::TopicConfig config = broker::kafka_defaults();
  config.retention_ms = 1234;
  server.make_topic("orders", 1, config);
  DescribeConfigsRequest request{.include_synonyms = true, .include_documentation = true};
  request.resources.push_back(
      {.resource_type = 2, .resource_name = "orders", .configuration_keys = std::vector<std::string>{"retention.ms", "cleanup.policy"}});
  const auto topic = client.ask<DescribeConfigsResponse>(4, request).results.at(0);
  ASSERT_EQ(topic.configs.size(), 2u);
  const auto& policy = topic.configs[0];
  const auto& retention = topic.configs[1];
  EXPECT_EQ(policy.name, "cleanup.policy");
  EXPECT_EQ(policy.config_source, 5);
  EXPECT_EQ(retention.value, "1234");
  EXPECT_EQ(retention.config_source, 1);
  ASSERT_EQ(retention.synonyms.size(), 2u);
  EXPECT_EQ(retention.synonyms[0].name, "retention.ms");
  EXPECT_EQ(retention.synonyms[0].value, "1234");
  EXPECT_EQ(retention.synonyms[1].name, "log.retention.ms");
  EXPECT_EQ(retention.synonyms[1].value, "604800000");
  EXPECT_FALSE(retention.documentation->empty());
}

TEST_P(TopicApis, ConfigsOfTheBroker) {
  const auto ask = [&](std::int8_t type, const std::string& name) {
    DescribeConfigsRequest request;
    request.resources.push_back({.resource_type = type, .resource_name = name, .configuration_keys = std::nullopt});
    return client.ask<DescribeConfigsResponse>(4, request).results.at(0);
  };
  std::map<std::string, std::string> found;
  for (const auto& entry : ask(4, "1").configs) {
    EXPECT_TRUE(entry.read_only) << entry.name;
    EXPECT_TRUE(found.emplace(entry.name, entry.value.value_or("null")).second) << entry.name << " twice";
  }
  EXPECT_EQ(found["node.id"], "1");
  EXPECT_EQ(found["advertised.listeners"], "PLAINTEXT://broker.example:9092");
  EXPECT_EQ(found["default.replication.factor"], "1");
  EXPECT_EQ(found["offsets.retention.minutes"], "10080");
  EXPECT_EQ(found["group.initial.rebalance.delay.ms"], "3000");
  EXPECT_EQ(found["message.max.bytes"], "1048588");
  EXPECT_EQ(found["fetch.max.bytes"], "57671680");
  EXPECT_EQ(ask(4, "").error_code, ErrorCode::kNone);
  EXPECT_TRUE(ask(4, "").configs.empty());
  EXPECT_EQ(ask(4, "2").error_code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(ask(8, "1").error_code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(ask(2, "nothing").error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(ask(2, "no topic").error_code, ErrorCode::kInvalidTopicException);
}

}  // namespace
}  // namespace firth::kafka
