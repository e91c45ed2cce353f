// The router against brute force: who gets a message is what a list of subscriptions and matches() say, on one shard and on three.
#include "broker/router.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "subject/match.h"
#include "tests/sim/seeds.h"
#include "tests/sim/world.h"

namespace firth::broker {
namespace {

using subject::SubscriberId;

struct Received {
  std::uint64_t tag;
  std::string subject, reply, payload;
  auto operator<=>(const Received&) const = default;
};

class Recorder final : public Subscriber {
 public:
  Pressure deliver(const Message& message, std::uint64_t tag) override {
    got.push_back({tag, std::string(message.subject), std::string(message.reply), std::string(message.payload)});
    kept.push_back(message.share(message.body()));
    if (then) then();
    return pressure;
  }
  bool is_client() const override { return client; }
  std::vector<Received> got;
  std::vector<SharedBytes> kept;
  bool client = false;
  std::function<void()> then;
  Pressure pressure = Pressure::kNone;
};

class Routers {
 public:
  Routers(std::uint64_t seed, std::size_t count) : world(seed) {
    std::vector<runtime::LoopThread*> loops;
    for (std::size_t i = 0; i < count; ++i) loops.push_back(&world.loop("shard" + std::to_string(i)));
    shards = std::make_unique<runtime::Shards>(loops, world.clock(), memory);
    for (std::uint32_t i = 0; i < count; ++i) routers.push_back(std::make_unique<Router>((*shards)[ShardIndex(i)], seed));
    std::vector<Router*> all;
    for (const auto& router : routers) all.push_back(router.get());
    for (const auto& router : routers) router->connect(all);
  }
  // The job runs in a turn of that shard.
  void on(std::size_t shard, std::function<void(Router&)> job) {
    (*shards)[ShardIndex(static_cast<std::uint32_t>(shard))].loop.post([this, shard, job = std::move(job)] { job(*routers[shard]); });
  }
  void settle() { world.run_until_idle(); }

  runtime::MemoryGovernor memory{std::size_t{1} << 30};
  sim::World world;
  std::unique_ptr<runtime::Shards> shards;
  std::vector<std::unique_ptr<Router>> routers;
};

class RouterModel : public testing::TestWithParam<std::size_t> {};

TEST_P(RouterModel, DeliversWhatAListOfSubscriptionsSays) {
  struct Subscription {
    std::size_t shard;
    std::uint64_t tag;
    std::string filter, queue;
    SubscriberId id;
  };
  for (const std::uint64_t seed : test::seeds(20)) {
    SCOPED_TRACE(test::replay(seed));
    Routers routers(seed, GetParam());
    sim::Random& random = routers.world.random();
    std::vector<Recorder> recorders(GetParam());
    std::vector<Subscription> model;
    const auto text = [&](bool filter) {
      static constexpr const char* kTokens[] = {"a", "b", "a-long-token-of-its-own", "*", ">"};
      std::string made = kTokens[random.below(filter ? 4 : 3)];
      for (std::uint64_t more = random.below(3); more > 0; --more) made += std::string(".") + kTokens[random.below(filter ? 4 : 3)];
      return filter && random.below(5) == 0 ? made + ".>" : made;
    };
    for (std::uint64_t step = 1; step <= 300; ++step) {
      const std::size_t shard = random.below(GetParam());
      if (const std::uint64_t dice = random.below(10); dice < 3) {
        auto& added = model.emplace_back(Subscription{shard, step, text(true), random.below(3) == 0 ? "q" : "", {}});
        routers.on(shard, [&](Router& router) {
          added.id = router.subscribe(kGlobalAccount, recorders[shard], added.tag, added.filter, added.queue);
        });
      } else if (dice < 5 && !model.empty()) {
        const auto gone = model.begin() + static_cast<std::ptrdiff_t>(random.below(model.size()));
        routers.on(gone->shard, [id = gone->id](Router& router) { router.unsubscribe(id); });
        model.erase(gone);
      } else {
        const std::string subject = text(false);
        const std::string payload(random.below(8) == 0 ? 10000 : 3, 'p');
        std::map<std::uint64_t, int> plain, members;
        for (const Subscription& each : model)
          if (subject::matches(each.filter, subject)) ++(each.queue.empty() ? plain : members)[each.tag];
        const SharedBytes block = SharedBytes::copy(as_bytes("xx" + payload + "xx"));
        Routed routed;
        routers.on(shard, [&](Router& router) {
          routed = router.publish(
              kGlobalAccount,
              {.subject = subject, .reply = "re", .payload = as_text(block.view()).substr(2, payload.size()), .block = &block});
        });
        routers.settle();
        EXPECT_EQ(routed.receivers, plain.size() + (members.empty() ? 0 : 1));
        int from_queue = 0;
        for (Recorder& recorder : recorders) {
          for (std::size_t i = 0; i < recorder.got.size(); ++i) {
            const Received& got = recorder.got[i];
            EXPECT_EQ(got, (Received{got.tag, subject, "re", payload}));
            EXPECT_EQ(as_text(recorder.kept[i].view()), payload);
            if (plain.contains(got.tag)) --plain[got.tag];
            else from_queue += members.contains(got.tag) ? 1 : 1000;
          }
          recorder.got.clear();
          recorder.kept.clear();
        }
        for (const auto& [tag, missing] : plain) EXPECT_EQ(missing, 0) << tag;
        EXPECT_EQ(from_queue, members.empty() ? 0 : 1);
      }
      routers.settle();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shards, RouterModel, testing::Values(1, 3));

TEST(Router, KeepsTheOrderOfOneShardsMessagesAndSubscriptions) {
  for (const std::uint64_t seed : test::seeds(50)) {
    SCOPED_TRACE(test::replay(seed));
    Routers routers(seed, 2);
    Recorder requester, responder;
    routers.on(1, [&](Router& router) { router.subscribe(kGlobalAccount, responder, 1, "service"); });
    routers.settle();
    // The responder answers at once, within the delivery: the inbox that was subscribed to just before the request is known to it.
    responder.then = [&] { routers.routers[1]->publish(kGlobalAccount, {.subject = "inbox.1", .reply = {}, .payload = "answer"}); };
    routers.on(0, [&](Router& router) {
      router.publish(kGlobalAccount, {.subject = "unrelated", .reply = {}, .payload = ""});
      router.subscribe(kGlobalAccount, requester, 7, "inbox.*");
      router.publish(kGlobalAccount, {.subject = "service", .reply = "inbox.1", .payload = "ask"});
    });
    routers.settle();
    EXPECT_EQ(requester.got, (std::vector<Received>{{7, "inbox.1", "", "answer"}}));
  }
}

TEST(Router, SubscribersMayChangeEverythingWhileTheyAreDeliveredTo) {
  Routers routers(1, 1);
  Router& router = *routers.routers[0];
  Recorder first, second;
  std::vector<SubscriberId> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(router.subscribe(kGlobalAccount, first, 1, "a"));
  bool done = false;
  first.then = [&] {
    if (std::exchange(done, true)) return;
    router.unsubscribe(ids[1]);
    router.unsubscribe(ids[2]);
    router.subscribe(kGlobalAccount, second, 2, "a");  // in a slot just left: it is not who was chosen
    router.publish(kGlobalAccount, {.subject = "a", .reply = {}, .payload = "inner"});
  };
  EXPECT_EQ(router.publish(kGlobalAccount, {.subject = "a", .reply = {}, .payload = "outer"}).receivers, 1u);
  EXPECT_EQ(first.got, (std::vector<Received>{{1, "a", "", "outer"}, {1, "a", "", "inner"}}));
  EXPECT_EQ(second.got, (std::vector<Received>{{2, "a", "", "inner"}}));
  EXPECT_EQ(router.subscription_count(), 2u);
}

TEST(Router, AMessageUnderWayFindsNobodyWhoLeftMeanwhile) {
  Routers routers(1, 2);
  Recorder gone, next;
  SubscriberId id;
  routers.on(1, [&](Router& router) { id = router.subscribe(kGlobalAccount, gone, 1, "a"); });
  routers.settle();
  // Both turns run before either batch arrives.
  routers.routers[0]->publish(kGlobalAccount, {.subject = "a", .reply = {}, .payload = "x"});
  routers.routers[1]->unsubscribe(id);
  routers.routers[1]->subscribe(kGlobalAccount, next, 2, "b");
  routers.settle();
  EXPECT_TRUE(gone.got.empty());
  EXPECT_TRUE(next.got.empty());
}

TEST(Router, PassesOverThePublisherAndKeepsAccountsApart) {
  Routers routers(1, 1);
  Router& router = *routers.routers[0];
  Recorder own, other, stranger;
  for (const char* queue : {"", "q"}) {
    router.subscribe(kGlobalAccount, own, 1, "a", queue);
    router.subscribe(kGlobalAccount, other, 2, "a", queue);
    router.subscribe(AccountId(5), stranger, 3, "a", queue);
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(router.publish(kGlobalAccount, {.subject = "a", .reply = {}, .payload = ""}, &own).receivers, 2u);
  EXPECT_TRUE(own.got.empty());
  EXPECT_EQ(other.got.size(), 40u);
  EXPECT_TRUE(stranger.got.empty());
  EXPECT_EQ(router.publish(AccountId(9), {.subject = "a", .reply = {}, .payload = ""}).receivers, 0u);
  EXPECT_TRUE(router.publish_to(kGlobalAccount, {.subject = "a", .reply = {}, .payload = "only"}, own));
  EXPECT_EQ(own.got.size(), 1u);
  EXPECT_FALSE(router.publish_to(kGlobalAccount, {.subject = "b", .reply = {}, .payload = "only"}, own));
}

TEST(Router, WhatIsForClientsReachesNoPartOfTheServer) {
  Routers routers(2, 2);
  Recorder parts[2], clients[2];
  for (Recorder& client : clients) client.client = true;
  for (const std::size_t shard : {0u, 1u}) {
    routers.on(shard, [&, shard](Router& router) {
      router.subscribe(kGlobalAccount, parts[shard], 1, "a.>");
      router.subscribe(kGlobalAccount, parts[shard], 2, "a.b", "q");
      router.subscribe(kGlobalAccount, clients[shard], 3, "a.b");
    });
  }
  routers.on(1, [&](Router& router) { router.subscribe(kGlobalAccount, clients[1], 4, "a.*", "q"); });
  routers.settle();
  for (int i = 0; i < 20; ++i) {
    routers.on(0, [](Router& router) {
      const Message message{.subject = "a.b", .reply = {}, .payload = "x"};
      EXPECT_EQ(router.publish_to_clients(kGlobalAccount, message).receivers, 3u) << "both plain ones, and the group's only client";
      EXPECT_EQ(router.publish_to_clients(kGlobalAccount, {.subject = "a.c.d", .reply = {}, .payload = "x"}).receivers, 0u);
    });
  }
  routers.settle();
  for (const Recorder& part : parts) EXPECT_TRUE(part.got.empty());
  EXPECT_EQ(clients[0].got.size(), 20u);
  EXPECT_EQ(clients[1].got.size(), 40u);
  for (const std::size_t shard : {0u, 1u}) {
    Router& router = *routers.routers[shard];
    for (const char* filter : {"a.b", "a.>", "*.b", ">"}) EXPECT_TRUE(router.may_reach_clients(kGlobalAccount, filter)) << filter;
    for (const char* filter : {"a", "b.>", "a.b.c", "a.b.>"}) EXPECT_FALSE(router.may_reach_clients(kGlobalAccount, filter)) << filter;
  }
}

TEST(Router, EveryMemberOfAGroupHasItsShareOnWhateverShard) {
  Routers routers(3, 2);
  std::vector<Recorder> members(4);
  for (std::size_t i = 0; i < members.size(); ++i)
    routers.on(i % 2, [&, i](Router& router) { router.subscribe(kGlobalAccount, members[i], i, "work.*", "q"); });
  routers.settle();
  for (int i = 0; i < 4000; ++i)
    routers.on(0, [](Router& router) { router.publish(kGlobalAccount, {.subject = "work.x", .reply = {}, .payload = ""}); });
  routers.settle();
  for (const Recorder& member : members) EXPECT_NEAR(static_cast<double>(member.got.size()), 1000, 150);
}

TEST(Router, SaysWhenWhatItToldHasArrivedAndWhenOthersAreBehind) {
  Routers routers(1, 2);
  Recorder slow;
  slow.pressure = Pressure::kHigh;
  bool settled = false;
  routers.on(1, [&](Router& router) {
    EXPECT_TRUE(router.settled());
    router.subscribe(kGlobalAccount, slow, 1, "a");
    EXPECT_FALSE(router.settled());
    router.when_settled([&] { settled = true; });
    EXPECT_FALSE(settled);
  });
  routers.settle();
  EXPECT_TRUE(settled);
  EXPECT_TRUE(routers.routers[1]->settled());
  Router& publisher = *routers.routers[0];
  const std::string large(Router::kMaxBytesUnderWay / 2, 'x');
  EXPECT_EQ(publisher.publish(kGlobalAccount, {.subject = "a", .reply = {}, .payload = large}).pressure, Pressure::kNone);
  EXPECT_EQ(publisher.publish(kGlobalAccount, {.subject = "a", .reply = {}, .payload = large}).pressure, Pressure::kHigh);
  routers.on(0, [](Router&) {});
  routers.settle();
  // The receiver said so itself.
  EXPECT_EQ(publisher.publish(kGlobalAccount, {.subject = "a", .reply = {}, .payload = "x"}).pressure, Pressure::kHigh);
}

}  // namespace
}  // namespace firth::broker
