// JetStream on every shard of a broker in the simulated world, without sockets: requests as their sessions would make them, answers as
// text.
#pragma once

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jetstream/api.h"
#include "jetstream/capture.h"
#include "jetstream/consumers.h"
#include "log/batch_builder.h"
#include "tests/broker/broker_world.h"

namespace firth::jetstream::test {

using namespace std::chrono_literals;
using broker::kGlobalAccount;

class Inbox final : public broker::Subscriber {
 public:
  broker::Pressure deliver(const broker::Message& message, std::uint64_t) override {
    received.emplace_back(std::string(message.subject), std::string(message.payload));
    return pressure;
  }
  broker::Pressure pressure = broker::Pressure::kNone;
  std::vector<std::pair<std::string, std::string>> received;
};

// A client of some shard asks.
struct Question {
  std::uint32_t shard;
  std::string subject, body;
};

// JetStream on every shard, and a client of shard 0 with the inboxes "r" and "r.*".
class ApiWorld {
 public:
  explicit ApiWorld(std::size_t shard_count) : world_(7, shard_count), shard_count_(shard_count) {
    EXPECT_TRUE(world_.open()) << world_.error;
    serve();
  }
  ~ApiWorld() { leave(); }

  broker::TopicPointer make(std::string name, std::int32_t partitions, std::vector<std::string> subjects = {}) {
    broker::TopicConfig config = broker::kafka_defaults();
    config.subjects = std::move(subjects);
    const auto made =
        world_.run(world_.broker->create_topic(world_.shard(), {.name = std::move(name), .partition_count = partitions, .config = config}));
    EXPECT_TRUE(made.has_value() && made->ok());
    settle();
    return **made;
  }
  // What a Kafka producer brings to a partition that may be no stream yet.
  void produce(const broker::TopicPointer& topic, std::string_view value, std::int64_t timestamp_ms = 1) {
    const GroupId group = topic->partitions[0];
    const std::uint32_t home = world_.broker->home(group).shard().index.value();
    on_shard(home, [&] {
      std::vector<std::byte> bytes;
      log::BatchBuilder builder(bytes, {});
      builder.append({.timestamp_ms = timestamp_ms, .key = std::nullopt, .value = as_bytes(value), .headers = {}});
      log::Partition* partition = world_.shard(home).local_partition(*topic, PartitionIndex(0));
      ASSERT_TRUE(partition->append(SharedBytes::copy(builder.finish())).ok());
    });
    settle();
  }
  bool is_stream(const broker::TopicPointer& topic) {
    bool found = false;
    for (std::uint32_t i = 0; i < shard_count_; ++i)
      on_shard(i, [&] { found |= streams_[i]->find(topic->partition(PartitionIndex(0))) != nullptr; });
    return found;
  }
  std::string ask(std::string_view subject, std::string_view body, std::string_view headers = {}) {
    const std::vector<std::string> answers = ask_all(subject, body, headers);
    EXPECT_EQ(answers.size(), 1u) << subject;
    return answers.empty() ? "" : answers.front();
  }
  // Whatever comes back: header blocks with bodies, or bodies alone.
  std::vector<std::string> ask_all(std::string_view subject, std::string_view body, std::string_view headers = {}) {
    inbox_.received.clear();
    on_shard(0, [&] { publish(0, subject, "r", headers, body); });
    settle();
    std::vector<std::string> answers;
    for (auto& [inbox, answer] : inbox_.received) answers.push_back(std::move(answer));
    return answers;
  }
  // None waits for another's answer, only for that time; the answers are in the order of the questions.
  std::vector<std::string> ask_at_once(const std::vector<Question>& questions, std::chrono::nanoseconds pause = 0ns) {
    inbox_.received.clear();
    post(questions, pause);
    world_.world.run_until([&] { return inbox_.received.size() >= questions.size(); }, 60s);
    EXPECT_EQ(inbox_.received.size(), questions.size());
    std::vector<std::string> answers(questions.size());
    for (auto& [inbox, answer] : inbox_.received) answers[static_cast<std::size_t>(std::stoi(inbox.substr(2)))] = std::move(answer);
    return answers;
  }
  // The same with all that comes back to each within 20 ms.
  std::vector<std::vector<std::string>> ask_all_at_once(const std::vector<Question>& questions) {
    inbox_.received.clear();
    post(questions, 0ns);
    settle();
    std::vector<std::vector<std::string>> answers(questions.size());
    for (auto& [inbox, answer] : inbox_.received)
      answers[static_cast<std::size_t>(std::stoi(inbox.substr(2)))].push_back(std::move(answer));
    return answers;
  }
  // What has come to the inboxes since the last question, 20 ms from now.
  std::size_t count_answers() {
    settle();
    return inbox_.received.size();
  }
  // The client has a backlog.
  void set_pressure(broker::Pressure pressure) { inbox_.pressure = pressure; }
  // The next sync of the journal takes that long.
  void stall_the_disk(std::chrono::nanoseconds time) {
    world_.world.files().inject(
        {.operation = sim::Operation::kSyncData, .nth = 1, .path_contains = "journal", .effect = sim::Effect::kStall, .stall = time});
  }
  void again(bool power_loss) {
    leave();
    power_loss ? world_.lose_power() : world_.kill();
    ASSERT_TRUE(world_.open()) << world_.error;
    serve();
  }

 private:
  void post(const std::vector<Question>& questions, std::chrono::nanoseconds pause) {
    for (std::size_t i = 0; i < questions.size(); ++i) {
      world_.shard(questions[i].shard).shard().loop.post([this, i, &asked = questions[i]] {
        publish(asked.shard, asked.subject, fmt::format("r.{}", i), {}, asked.body);
      });
      if (pause > 0ns) world_.world.run_for(pause);
    }
  }
  void publish(std::uint32_t shard, std::string_view subject, std::string_view reply, std::string_view headers, std::string_view body) {
    const std::string payload = std::string(headers) + std::string(body);
    routers_[shard]->publish(
        kGlobalAccount,
        {.subject = subject, .reply = reply, .header_bytes = static_cast<std::uint32_t>(headers.size()), .payload = payload});
  }
  void on_shard(std::uint32_t shard, const std::function<void()>& job) {
    bool ran = false;
    world_.shard(shard).shard().loop.post([&] {
      job();
      ran = true;
    });
    world_.world.run_until([&] { return ran; }, 10s);
  }
  void on_each(const std::function<void(std::uint32_t)>& job) {
    for (std::uint32_t i = 0; i < shard_count_; ++i) on_shard(i, [&] { job(i); });
  }
  // Consumers have timers, so the world is never idle.
  void settle() {
    bool passed = false;
    runtime::Loop& loop = world_.shard().shard().loop;
    loop.post([&] { loop.schedule(loop.now() + 20ms, [&] { passed = true; }); });
    world_.world.run_until([&] { return passed; }, 10s);
  }

  void serve() {
    std::vector<broker::Router*> all;
    for (std::uint32_t i = 0; i < shard_count_; ++i) {
      routers_.push_back(std::make_unique<broker::Router>(world_.shard(i).shard(), i + 1));
      all.push_back(routers_.back().get());
    }
    for (const auto& router : routers_) router->connect(all);
    streams_.resize(shard_count_);
    captures_.resize(shard_count_);
    consumers_.resize(shard_count_);
    apis_.resize(shard_count_);
    on_each([this](std::uint32_t i) {
      streams_[i] = std::make_unique<broker::Streams>(world_.shard(i));
      captures_[i] = std::make_unique<Captures>(*streams_[i], *routers_[i]);
      consumers_[i] = std::make_unique<Consumers>(*streams_[i], *routers_[i], world_.world.random());
    });
    std::vector<ApiShard> shards;
    for (std::size_t i = 0; i < shard_count_; ++i)
      shards.push_back({.streams = streams_[i].get(), .consumers = consumers_[i].get(), .router = routers_[i].get()});
    on_each([&](std::uint32_t i) { apis_[i] = std::make_unique<Api>(world_.shard(i), shards); });
    on_shard(0, [this] {
      for (const char* inbox : {"r", "r.*"}) subscriptions_.push_back(routers_[0]->subscribe(kGlobalAccount, inbox_, 0, inbox));
    });
    settle();
  }
  void leave() {
    on_shard(0, [this] {
      for (const auto id : std::exchange(subscriptions_, {})) routers_[0]->unsubscribe(id);
    });
    on_each([this](std::uint32_t i) { apis_[i]->stop(); });
    settle();
    on_each([this](std::uint32_t i) {
      apis_[i].reset();
      consumers_[i].reset();
      captures_[i].reset();
      streams_[i].reset();
    });
    routers_.clear();
  }

  broker::test::BrokerWorld world_;
  const std::size_t shard_count_;
  std::vector<std::unique_ptr<broker::Router>> routers_;
  std::vector<std::unique_ptr<broker::Streams>> streams_;
  std::vector<std::unique_ptr<Captures>> captures_;
  std::vector<std::unique_ptr<Consumers>> consumers_;
  std::vector<std::unique_ptr<Api>> apis_;
  Inbox inbox_;
  std::vector<subject::SubscriberId> subscriptions_;
};

inline bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace firth::jetstream::test
