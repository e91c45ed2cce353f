// A server without sockets in the simulated world: the broker, streams, captures, consumers, groups and producer ids on every shard, and
// requests of both faces as their sessions would make them. Crashes at any step, and starts again on what is left.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/groups.h"
#include "broker/producer_ids.h"
#include "broker/router.h"
#include "broker/streams.h"
#include "jetstream/api.h"
#include "jetstream/capture.h"
#include "jetstream/consumers.h"
#include "kafka/handler.h"
#include "tests/broker/broker_world.h"

namespace firth::test {

class BothFaces {
 public:
  BothFaces(std::uint64_t seed, std::size_t shard_count) : world(seed, shard_count), shard_count_(shard_count) {}
  ~BothFaces() {
    if (world.broker != nullptr) crash(Crash::kKill);
  }

  // False, with world.error set, if the broker does not start.
  bool open();
  enum class Crash : std::uint8_t { kKill, kPowerLoss };
  void crash(Crash how);

  // --- On the shard of a client's connection; outcomes come later, or never. ---

  // What comes to `subject` on that shard goes to `receiver`, for this life.
  void subscribe(std::uint32_t shard, broker::Subscriber& receiver, std::string_view subject);
  void publish(std::uint32_t shard, std::string subject, std::string reply, std::string payload);
  template <class Api, class Done>
  void ask(std::uint32_t shard, std::int16_t version, typename Api::Request request, Done done) {
    world.shard(shard).shard().loop.post([this, shard, version, request = std::move(request), done = std::move(done)]() mutable {
      if (world.shard(shard).shard().tasks.closed()) return;  // the server has crashed meanwhile
      world.shard(shard).shard().tasks.spawn(run<Api, Done>(world.shard(shard), face_, version, std::move(request), std::move(done)));
    });
  }

  void make_topic(std::string name, std::int32_t partitions, broker::TopicConfig config);
  broker::TopicPointer topic(std::string_view name) { return world.shard().catalog().find(broker::kDefaultAccount, name); }
  log::Partition& partition(const broker::Topic& topic, std::int32_t index) {
    return *world.broker->home(topic.partitions[static_cast<std::size_t>(index)]).local_partition(topic, PartitionIndex(index));
  }
  broker::Stream& stream(std::string_view name) {
    const broker::TopicPointer found = topic(name);
    return *shards_[world.broker->home(found->partitions[0]).shard().index.value()]->streams->find(found->partition(PartitionIndex(0)));
  }
  std::uint32_t home_shard(std::string_view name) { return world.broker->home(topic(name)->partitions[0]).shard().index.value(); }
  std::size_t shard_count() const { return shard_count_; }

  broker::test::BrokerWorld world;

 private:
  struct OneShard {
    std::unique_ptr<broker::Streams> streams;
    std::unique_ptr<broker::Router> router;
    std::unique_ptr<jetstream::Captures> captures;
    std::unique_ptr<jetstream::Consumers> consumers;
    std::unique_ptr<jetstream::Api> api;
    std::vector<subject::SubscriberId> subscriptions;
  };

  template <class Api, class Done>
  static runtime::Task<> run(broker::ShardBroker& shard, kafka::Face& face, std::int16_t version, typename Api::Request request,
                             Done done) {
    const std::string account(broker::kDefaultAccount), host("/127.0.0.1");
    const kafka::Context context{.broker = shard,
                                 .face = face,
                                 .account = account,
                                 .client_host = host,
                                 .client_id = "client",
                                 .api_version = version,
                                 .cancellation = shard.shard().tasks.cancellation()};
    done(co_await Api::handle(context, std::move(request)));
  }
  void on_every_shard(const std::function<void(std::size_t)>& job);

  const std::size_t shard_count_;
  kafka::Face face_;
  std::unique_ptr<broker::Groups> groups_;
  std::unique_ptr<broker::ProducerIds> producer_ids_;
  std::vector<std::unique_ptr<OneShard>> shards_;
};

inline void BothFaces::on_every_shard(const std::function<void(std::size_t)>& job) {
  std::size_t ran = 0;
  for (std::size_t i = 0; i < shard_count_; ++i)
    world.shard(static_cast<std::uint32_t>(i)).shard().loop.post([&job, &ran, i] {
      job(i);
      ++ran;
    });
  world.world.run_until([&] { return ran == shard_count_; }, std::chrono::seconds(10));
}

inline bool BothFaces::open() {
  world.prepare = [this](broker::Broker& broker) {
    groups_ = std::make_unique<broker::Groups>(broker, broker::GroupSettings{});
    producer_ids_ = std::make_unique<broker::ProducerIds>(broker);
  };
  if (!world.open()) return false;
  face_.groups = groups_.get();
  face_.producer_ids = producer_ids_.get();
  std::vector<broker::Router*> routers;
  for (std::uint32_t i = 0; i < shard_count_; ++i) {
    shards_.push_back(std::make_unique<OneShard>());
    shards_.back()->router = std::make_unique<broker::Router>(world.shard(i).shard(), i + 1);
    routers.push_back(shards_.back()->router.get());
  }
  for (broker::Router* router : routers) router->connect(routers);
  on_every_shard([this](std::size_t i) {
    OneShard& shard = *shards_[i];
    shard.streams = std::make_unique<broker::Streams>(world.shard(static_cast<std::uint32_t>(i)));
    shard.captures = std::make_unique<jetstream::Captures>(*shard.streams, *shard.router);
    shard.consumers = std::make_unique<jetstream::Consumers>(*shard.streams, *shard.router, world.world.random());
  });
  std::vector<jetstream::ApiShard> parts;
  for (const auto& shard : shards_)
    parts.push_back({.streams = shard->streams.get(), .consumers = shard->consumers.get(), .router = shard->router.get()});
  on_every_shard(
      [&](std::size_t i) { shards_[i]->api = std::make_unique<jetstream::Api>(world.shard(static_cast<std::uint32_t>(i)), parts); });
  world.world.run_for(std::chrono::milliseconds(50));  // every shard knows the subscriptions of all
  return true;
}

inline void BothFaces::crash(Crash how) {
  for (const auto& shard : shards_) shard->api->stop();
  world.crash(how == Crash::kKill ? broker::test::BrokerWorld::Crash::kKill : broker::test::BrokerWorld::Crash::kPowerLoss, [this] {
    for (const auto& shard : shards_) {
      shard->api.reset();
      shard->consumers.reset();
      shard->captures.reset();
      for (const subject::SubscriberId id : shard->subscriptions) shard->router->unsubscribe(id);
    }
    for (const auto& shard : shards_) shard->streams.reset();
    shards_.clear();
  });
}

inline void BothFaces::subscribe(std::uint32_t shard, broker::Subscriber& receiver, std::string_view subject) {
  on_every_shard([&](std::size_t i) {
    if (i == shard) shards_[i]->subscriptions.push_back(shards_[i]->router->subscribe(broker::kGlobalAccount, receiver, 0, subject));
  });
  world.world.run_for(std::chrono::milliseconds(10));
}

inline void BothFaces::publish(std::uint32_t shard, std::string subject, std::string reply, std::string payload) {
  world.shard(shard).shard().loop.post(
      [&router = *shards_[shard]->router, subject = std::move(subject), reply = std::move(reply), payload = std::move(payload)] {
        router.publish(broker::kGlobalAccount, {.subject = subject, .reply = reply, .payload = payload});
      });
}

inline void BothFaces::make_topic(std::string name, std::int32_t partitions, broker::TopicConfig config) {
  const auto made = world.run(
      world.broker->create_topic(world.shard(), {.name = std::move(name), .partition_count = partitions, .config = std::move(config)}));
  ASSERT_TRUE(made.has_value() && made->ok());
  world.world.run_for(std::chrono::milliseconds(20));
}

}  // namespace firth::test
