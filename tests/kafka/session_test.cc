// Sessions over the simulated network: answers in the order of the requests while some of them wait, input cut anywhere, and every way in
// which a session ends.
#include "kafka/session.h"

#include <gtest/gtest.h>

#include "kafka/generated/api_versions.h"
#include "kafka/generated/fetch.h"
#include "kafka/generated/metadata.h"
#include "tests/kafka/kafka_world.h"

namespace firth::kafka {
namespace {

using namespace std::chrono_literals;
using test::Caller;
using test::KafkaWorld;
using State = sim::Client::State;

FetchRequest fetch_request(const std::string& topic, std::int64_t from, std::int32_t max_wait_ms = 0) {
  FetchRequest request{.max_wait_ms = max_wait_ms, .min_bytes = 1};
  request.topics.push_back({.name = topic, .partitions = {{.fetch_offset = from, .partition_max_bytes = 1 << 20}}});
  return request;
}

const FetchResponsePartition& first(const FetchResponse& response) { return response.topics.at(0).partitions.at(0); }
const ProduceResponsePartition& first(const ProduceResponse& response) { return response.topics.at(0).partitions.at(0); }

// The next sync of the disk takes so long.
void stall_sync(KafkaWorld& server, std::chrono::nanoseconds time) {
  server.world().files().inject({.operation = sim::Operation::kAnySync, .effect = sim::Effect::kStall, .stall = time});
}

class KafkaSession : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Shards, KafkaSession, testing::Values(1, 2));

TEST_P(KafkaSession, AnswersInOrderWhileTheFirstWaits) {
  KafkaWorld server(1, GetParam());
  server.make_topic("orders");
  Caller client = server.connect();
  stall_sync(server, 500ms);
  client.send(9, test::produce_request("orders", test::batch_of({"a"})));
  client.send(9, test::produce_request("nothing", test::batch_of({"b"})));  // known at once
  client.send(12, MetadataRequest{.topics = std::vector<MetadataRequestTopic>{}});
  EXPECT_FALSE(server.world().run_until([&] { return client.has_answer(); }, 200ms)) << "nothing before the sync";
  EXPECT_EQ(first(client.receive<ProduceResponse>(9)).base_offset, 0);
  EXPECT_EQ(first(client.receive<ProduceResponse>(9)).error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(client.receive<MetadataResponse>(12).brokers.at(0).host, "broker.example");
}

TEST_P(KafkaSession, ProducesOfOneConnectionShareASync) {
  KafkaWorld server(2, GetParam());
  server.make_topic("orders");
  Caller client = server.connect();
  std::string input;
  for (std::int32_t id = 1; id <= 20; ++id) input += Caller::frame(9, id, test::produce_request("orders", test::batch_of({"x"})));
  server.world().run_until_idle();
  const std::uint64_t before = server.world().files().counters().sync_data;
  client.send_bytes(input);
  EXPECT_TRUE(server.world().run_until([&] { return server.partition("orders").high_watermark() == Offset(20); }, 5s));
  EXPECT_LE(server.world().files().counters().sync_data - before, 10u);
}

TEST_P(KafkaSession, MoreThanMayBeInFlightAreServedInTheirOrder) {
  KafkaWorld server(3, GetParam());
  server.make_topic("orders");
  Caller client = server.connect();
  constexpr int kCount = 3 * static_cast<int>(Session::kMaxInFlight);
  for (int i = 0; i < kCount; ++i) client.send(9, test::produce_request("orders", test::batch_of({std::to_string(i)})));
  for (int i = 0; i < kCount; ++i) ASSERT_EQ(first(client.receive<ProduceResponse>(9)).base_offset, i);
}

TEST_P(KafkaSession, GivesTheSameAnswersWhereverItsInputIsCut) {
  const std::string input = Caller::frame(3, 1, ApiVersionsRequest{.client_software_name = "t", .client_software_version = "1"}) +
                            Caller::frame(9, 2, test::produce_request("orders", test::batch_of({"a"}))) +
                            Caller::frame(4, 3, fetch_request("orders", 0));
  std::string whole;
  for (std::size_t cut = 0; cut <= input.size(); cut += 3) {
    SCOPED_TRACE(cut);
    KafkaWorld server(cut + 1, GetParam());
    server.make_topic("orders");
    sim::Client& client = server.connect().client();
    client.send(std::string_view(input).substr(0, cut));
    server.world().run_for(10ms);
    client.send(std::string_view(input).substr(cut));
    server.world().run_for(1s);
    if (cut == 0) whole = client.received();
    EXPECT_FALSE(whole.empty());
    EXPECT_EQ(client.received(), whole);
  }
}

TEST_P(KafkaSession, AProduceWithoutAnswerIsSilent) {
  KafkaWorld server(4, GetParam());
  server.make_topic("orders");
  Caller client = server.connect();
  client.send_silently(9, test::produce_request("orders", test::batch_of({"a", "b"}), 0));
  const auto versions = client.ask<ApiVersionsResponse>(3, ApiVersionsRequest{.client_software_name = "t", .client_software_version = "1"});
  EXPECT_EQ(versions.error_code, ErrorCode::kNone) << "the next answer is of the next request";
  EXPECT_TRUE(server.world().run_until([&] { return server.partition("orders").high_watermark() == Offset(2); }, 1s));
}

TEST_P(KafkaSession, AProduceWithoutAnswerThatFailsEndsTheConnection) {
  KafkaWorld server(5, GetParam());
  Caller client = server.connect();
  client.send_silently(9, test::produce_request("nothing", test::batch_of({"a"}), 0));
  EXPECT_TRUE(server.world().run_until([&] { return !client.is_open(); }, 5s));
  EXPECT_EQ(client.client().received(), "");
}

TEST_P(KafkaSession, AnUnknownVersionOfApiVersionsIsAnsweredInTheFirst) {
  KafkaWorld server(6, GetParam());
  Caller client = server.connect();
  const std::string request("\0\0\0\x0c\0\x12\0\x63\0\0\0\x01\0\x01t\0", 16);  // key 18, version 99, correlation id 1, client id "t"
  client.send_bytes(request);
  EXPECT_TRUE(server.world().run_until([&] { return client.has_answer() || !client.is_open(); }, 5s));
  ASSERT_TRUE(client.is_open());
  client.send_bytes(Caller::frame(0, 2, ApiVersionsRequest{}));  // the session lives
  server.world().run_for(1s);
  std::string answers = client.take_bytes();
  const auto next = [&answers] {
    const std::size_t size = look_at_frame(as_bytes(answers), kDefaultMaxRequestBytes).bytes;
    Reader in(SharedBytes::copy(as_bytes(answers).subspan(kFrameSizeBytes, size - kFrameSizeBytes)));
    answers.erase(0, size);
    std::int32_t id = 0;
    in.read(id);
    ApiVersionsResponse response;
    EXPECT_EQ(response.decode(in, 0), CodecError::kNone);
    EXPECT_EQ(in.remaining(), 0u);
    return response;
  };
  const ApiVersionsResponse refused = next();
  EXPECT_EQ(refused.error_code, ErrorCode::kUnsupportedVersion);
  EXPECT_TRUE(std::ranges::any_of(refused.api_keys, [](const auto& api) { return api.api_key == 18 && api.max_version == 4; }));
  EXPECT_EQ(next().error_code, ErrorCode::kNone);
}

TEST_P(KafkaSession, WhatCannotBeServedEndsTheConnectionAfterTheAnswersBeforeIt) {
  struct Row {
    const char* what;
    std::string bytes;
  };
  const auto bytes = [](std::initializer_list<int> values) { return std::string(values.begin(), values.end()); };
  const Row rows[] = {
      {"a negative size", bytes({0xff, 0xff, 0xff, 0xff})},
      {"one byte above the limit", bytes({0x06, 0x40, 0x00, 0x01})},
      {"no header", bytes({0, 0, 0, 2, 0, 18})},
      {"nothing", bytes({0, 0, 0, 0})},
      {"an API that Kafka does not have", bytes({0, 0, 0, 10, 0x03, 0xe7, 0, 0, 0, 0, 0, 9, 0xff, 0xff})},
      {"a negative key", bytes({0, 0, 0, 10, 0xff, 0xff, 0, 0, 0, 0, 0, 9, 0xff, 0xff})},
      {"an API that is not served", bytes({0, 0, 0, 10, 0, 4, 0, 0, 0, 0, 0, 9, 0xff, 0xff})},
      {"a version above", bytes({0, 0, 0, 10, 0, 3, 0, 99, 0, 0, 0, 9, 0xff, 0xff})},
      {"a version below", bytes({0, 0, 0, 10, 0, 1, 0, 3, 0, 0, 0, 9, 0xff, 0xff})},
      {"a body that ends too early", bytes({0, 0, 0, 12, 0, 3, 0, 1, 0, 0, 0, 9, 0xff, 0xff, 0, 0})},
      {"a client id longer than the frame", bytes({0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 9, 0x7f, 0xff})},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    KafkaWorld server(7, GetParam());
    Caller client = server.connect();
    client.send(0, ApiVersionsRequest{});
    client.send_bytes(row.bytes);
    EXPECT_FALSE(client.receive<ApiVersionsResponse>(0).api_keys.empty());
    EXPECT_TRUE(server.world().run_until([&] { return !client.is_open(); }, 5s));
    EXPECT_FALSE(client.has_answer());
    Caller another = server.connect();  // nobody else notices
    EXPECT_FALSE(another.ask<ApiVersionsResponse>(0, ApiVersionsRequest{}).api_keys.empty());
  }
}

TEST_P(KafkaSession, AFetchWaitsForWhatAnotherConnectionProduces) {
  KafkaWorld server(8, GetParam());
  server.make_topic("orders");
  Caller reader = server.connect();
  Caller writer = server.connect();
  reader.send(4, fetch_request("orders", 0, 60'000));
  EXPECT_FALSE(server.world().run_until([&] { return reader.has_answer(); }, 2s));
  EXPECT_EQ(first(writer.ask<ProduceResponse>(9, test::produce_request("orders", test::batch_of({"a"})))).base_offset, 0);
  const FetchResponse fetched = reader.receive<FetchResponse>(4, 100ms);
  EXPECT_EQ(first(fetched).high_watermark, 1);
  EXPECT_GT(first(fetched).records->size(), 0u);
}

TEST_P(KafkaSession, AFetchThatWaitsEndsInTime) {
  KafkaWorld server(9, GetParam());
  server.make_topic("orders");
  Caller reader = server.connect();
  reader.send(4, fetch_request("orders", 0, 500));
  EXPECT_FALSE(server.world().run_until([&] { return reader.has_answer(); }, 400ms));
  const FetchResponse fetched = reader.receive<FetchResponse>(4, 200ms);
  EXPECT_EQ(first(fetched).error_code, ErrorCode::kNone);
  EXPECT_EQ(first(fetched).records->size(), 0u);
}

TEST_P(KafkaSession, WhatWaitsEndsWithItsConnection) {
  KafkaWorld server(10, GetParam());
  server.make_topic("orders");
  Caller reader = server.connect();
  Caller other = server.connect();
  reader.send(4, fetch_request("orders", 0, 60'000));
  server.world().run_for(1s);
  EXPECT_EQ(server.brokers.shards().sum(Counter::kConnections), 2u);
  reader.client().reset();
  server.world().run_for(1s);
  EXPECT_EQ(server.brokers.shards().sum(Counter::kConnections), 1u);
  EXPECT_EQ(first(other.ask<ProduceResponse>(9, test::produce_request("orders", test::batch_of({"a"})))).base_offset, 0);
}

TEST_P(KafkaSession, AClientThatDoesNotReadIsNotServedUntilItDoes) {
  KafkaWorld server(11, GetParam());
  server.make_topic("orders");
  Caller client = server.connect();
  const std::string big(500'000, 'x');
  EXPECT_EQ(first(client.ask<ProduceResponse>(9, test::produce_request("orders", test::batch_of({big})))).error_code, ErrorCode::kNone);
  client.client().pause_reading();
  constexpr int kCount = 40;  // 20 MB of answers
  for (int i = 0; i < kCount; ++i) client.send(4, fetch_request("orders", 0));
  server.world().run_for(2s);
  client.client().resume_reading();
  for (int i = 0; i < kCount; ++i) ASSERT_GT(first(client.receive<FetchResponse>(4, 60s)).records->size(), big.size());
}

}  // namespace
}  // namespace firth::kafka
