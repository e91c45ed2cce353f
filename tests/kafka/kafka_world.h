// A Kafka broker in the simulated world: the face on a broker, a listener on 127.0.0.1:9092, and clients that talk to it in messages.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/frame.h"
#include "kafka/generated/produce.h"
#include "kafka/server.h"
#include "log/batch_builder.h"
#include "tests/broker/broker_world.h"
#include "tests/sim/network.h"

namespace firth::kafka::test {

using namespace std::chrono_literals;

// One connection. Answers are taken in the order of the requests, which is checked.
class Caller {
 public:
  Caller(sim::World& world, sim::Client& client) : world_(&world), client_(&client) {}

  sim::Client& client() { return *client_; }
  bool is_open() const { return client_->state() == sim::Client::State::kOpen; }
  void send_bytes(std::string_view bytes) { client_->send(bytes); }

  template <class Request>
  static std::string frame(std::int16_t version, std::int32_t id, const Request& request) {
    Writer out;
    begin_request(
        out, {.api_key = static_cast<std::int16_t>(Request::kApiKey), .api_version = version, .correlation_id = id, .client_id = "test"});
    EXPECT_EQ(request.encode(out, version), CodecError::kNone);
    return std::string(as_text(finish_frame(std::move(out)).flatten().view()));
  }
  template <class Request>
  void send(std::int16_t version, const Request& request) {
    expected_.push_back(++last_id_);
    send_bytes(frame(version, last_id_, request));
  }
  // For a request that gets no answer.
  template <class Request>
  void send_silently(std::int16_t version, const Request& request) {
    send_bytes(frame(version, ++last_id_, request));
  }

  // Whether the next answer has come.
  bool has_answer() {
    received_ += client_->take_received();
    return look_at_frame(as_bytes(received_), kDefaultMaxRequestBytes).state == FrameState::kWhole;
  }
  // All that has come and was not taken.
  std::string take_bytes() {
    received_ += client_->take_received();
    return std::exchange(received_, {});
  }
  template <class Response>
  Response receive(std::int16_t version, std::chrono::nanoseconds within = 5s) {
    Response response;
    if (!world_->run_until([&] { return has_answer() || !is_open(); }, within) || !has_answer()) {
      ADD_FAILURE() << "no answer";
      return response;
    }
    const std::size_t size = look_at_frame(as_bytes(received_), kDefaultMaxRequestBytes).bytes;
    Reader in(SharedBytes::copy(as_bytes(received_).subspan(kFrameSizeBytes, size - kFrameSizeBytes)));
    received_.erase(0, size);
    std::int32_t id = 0;
    in.read(id);
    EXPECT_FALSE(expected_.empty());
    EXPECT_EQ(id, expected_.front());
    expected_.pop_front();
    if (Response::kApiKey != ApiKey::kApiVersions && version >= Response::kFirstFlexible) in.skip_tags();
    EXPECT_EQ(response.decode(in, version), CodecError::kNone);
    return response;
  }
  template <class Response, class Request>
  Response ask(std::int16_t version, const Request& request) {
    send(version, request);
    return receive<Response>(version);
  }

 private:
  sim::World* world_;
  sim::Client* client_;
  std::string received_;
  std::deque<std::int32_t> expected_;
  std::int32_t last_id_ = 0;
};

class KafkaWorld {
 public:
  static constexpr std::uint16_t kPort = 9092;

  // With several shards, connections are on one after the other.
  explicit KafkaWorld(std::uint64_t seed = 1, std::size_t shard_count = 1) : brokers(seed, shard_count, 1), shard_count_(shard_count) {
    brokers.prepare = [this](broker::Broker& opened) {
      server = std::make_unique<KafkaServer>(brokers.shards(), opened, brokers.world.network(),
                                             Settings{.advertised_host = "broker.example", .cluster_id = "1234567890123456789012"});
    };
    open();
  }
  ~KafkaWorld() { kill(); }

  void open() {
    ASSERT_TRUE(brokers.open()) << brokers.error;
    ASSERT_TRUE(server->listen({"127.0.0.1", kPort}).ok());
  }
  // The process ends; its disk stays.
  void kill() {
    server->stop_listening();
    for (std::uint32_t i = 0; i < shard_count_; ++i) server->close_sessions(ShardIndex(i));
    brokers.world.run_until_idle();
    brokers.kill();
  }

  sim::World& world() { return brokers.world; }
  Caller connect() { return {brokers.world, brokers.world.network().connect({"127.0.0.1", kPort})}; }

  TopicId make_topic(const std::string& name, std::int32_t partition_count = 1, broker::TopicConfig config = broker::kafka_defaults()) {
    const auto made = brokers.run(
        brokers.broker->create_topic(brokers.shard(), {.name = name, .partition_count = partition_count, .config = std::move(config)}));
    return (**made)->id;
  }
  // The partition itself, on whatever shard.
  log::Partition& partition(const std::string& topic, std::int32_t index = 0) {
    const broker::TopicPointer found = brokers.shard().catalog().find(broker::kDefaultAccount, topic);
    return *brokers.broker->home(found->partitions[static_cast<std::size_t>(index)]).local_partition(*found, PartitionIndex(index));
  }

  broker::test::BrokerWorld brokers;
  std::unique_ptr<KafkaServer> server;

 private:
  const std::size_t shard_count_;
};

struct Producer {
  ProducerId id = kNoProducer;
  std::int16_t epoch = -1;
  std::int32_t sequence = -1;
};

// A batch of these values, at a time that topics take.
inline SharedBytes batch_of(const std::vector<std::string>& values, Producer producer = {}, std::int64_t time_ms = 1'000) {
  std::vector<std::byte> bytes;
  log::BatchBuilder builder(
      bytes,
      {.base_timestamp_ms = time_ms, .producer_id = producer.id, .producer_epoch = producer.epoch, .base_sequence = producer.sequence});
  for (const std::string& value : values)
    builder.append({.timestamp_ms = time_ms, .key = std::nullopt, .value = as_bytes(value), .headers = {}});
  return SharedBytes::copy(builder.finish());
}

inline ProduceRequest produce_request(const std::string& topic, SharedBytes records, std::int16_t acks = -1, std::int32_t partition = 0) {
  ProduceRequest request;
  request.acks = acks;
  request.timeout_ms = 1000;
  request.topics.push_back({.name = topic, .partitions = {{.partition_index = partition, .records = std::move(records)}}});
  return request;
}

}  // namespace firth::kafka::test
