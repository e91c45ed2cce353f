// Sessions over the simulated network: one shard and two, input cut anywhere, and every way in which a session ends.
#include "nats/session.h"

#include <gtest/gtest.h>

#include "tests/mark.h"
#include "tests/nats/nats_world.h"
#include "tests/sim/seeds.h"

namespace firth::nats {
namespace {

using namespace std::chrono_literals;
using test::kQuiet;
using test::NatsWorld;
using State = sim::Client::State;

TEST(Session, GivesTheSameAnswersWhereverItsInputIsCut) {
  const std::string input =
      "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true}\r\nSUB a.* q 1\r\nSUB a.b 22\r\nPUB a.b re.ply 5\r\nhe\r\no\r\n"
      "HPUB a.c 12 14\r\nNATS/1.0\r\n\r\nhi\r\nUNSUB 1\r\nPUB a.c 1\r\nx\r\nPUB a.b 0\r\n\r\nPING\r\n";
  const std::string whole =
      "MSG a.b 22 re.ply 5\r\nhe\r\no\r\nMSG a.b 1 re.ply 5\r\nhe\r\no\r\nHMSG a.c 1 12 14\r\nNATS/1.0\r\n\r\nhi\r\n"
      "MSG a.b 22 0\r\n\r\nPONG\r\n";
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    SCOPED_TRACE(cut);
    NatsWorld server({.seed = cut + 1});
    sim::Client& client = server.connect();
    client.send(std::string_view(input).substr(0, cut));
    server.world.run_for(10ms);
    client.send(std::string_view(input).substr(cut));
    EXPECT_TRUE(server.world.run_until([&] { return client.received().ends_with("PONG\r\n"); }, 2s));
    EXPECT_EQ(client.received(), whole);
  }
}

// After a PONG, what was sent before it is so on every shard: a subscription hears what is published then, a message has been handed over.
TEST(Session, APongCoversAllShards) {
  for (const std::uint64_t seed : test::seeds(200)) {
    SCOPED_TRACE(test::replay(seed));
    NatsWorld server({.seed = seed, .shards = 3});
    sim::Client& publisher = server.connect(kQuiet);
    sim::Client& subscriber = server.connect(kQuiet);
    sim::Client& another = server.connect(kQuiet);
    EXPECT_EQ(server.talk(subscriber, "SUB a 1\r\n"), "");
    EXPECT_EQ(server.talk(another, "SUB a 2\r\n"), "");
    EXPECT_EQ(server.talk(publisher, "PUB a 2\r\nhi\r\n"), "");
    EXPECT_EQ(server.talk(subscriber, ""), "MSG a 1 2\r\nhi\r\n");
    EXPECT_EQ(server.talk(another, "UNSUB 2\r\n"), "MSG a 2 2\r\nhi\r\n");
    EXPECT_EQ(server.talk(publisher, "PUB a 2\r\nho\r\n"), "");
    EXPECT_EQ(server.talk(another, ""), "");
  }
}

TEST(Session, AnswersRequestsThatNobodyHears) {
  for (const std::size_t shards : {1u, 2u}) {
    NatsWorld server({.shards = shards});
    sim::Client& requester = server.connect(kQuiet);
    sim::Client& responder = server.connect(kQuiet);
    const std::string nobody = "HMSG in.1 1 39 39\r\nNATS/1.0 503\r\nNats-Subject: service\r\n\r\n\r\n";
    EXPECT_EQ(server.talk(requester, "SUB in.* 1\r\nPUB service in.1 0\r\n\r\n"), nobody);
    EXPECT_EQ(server.talk(responder, "SUB service 9\r\n"), "");
    EXPECT_EQ(server.talk(requester, "PUB service in.1 0\r\n\r\n"), "");
    EXPECT_EQ(server.talk(responder, ""), "MSG service 9 in.1 0\r\n\r\n");
    responder.close();
    server.world.run_for(100ms);
    EXPECT_EQ(server.talk(requester, "PUB service in.1 0\r\n\r\n"), nobody);
  }
}

TEST(Session, EndsASlowConsumerThatPassesMaxPending) {
  const test::Mark mark("nats.session.max_pending");
  for (const std::size_t shards : {1u, 2u}) {
    Settings settings;
    settings.max_pending = 256 * 1024;
    NatsWorld server({.shards = shards}, settings);
    sim::Client& publisher = server.connect(kQuiet);
    sim::Client& slow = server.connect(kQuiet);
    sim::Client& fast = server.connect(kQuiet);
    EXPECT_EQ(server.talk(slow, "SUB a 1\r\n"), "");
    EXPECT_EQ(server.talk(fast, "SUB b 2\r\n"), "");
    slow.pause_reading();
    const std::string message = "PUB a 100000\r\n" + std::string(100000, 'x') + "\r\n";
    for (int i = 0; i < 12; ++i) publisher.send(message);
    EXPECT_TRUE(server.world.run_until([&] { return server.shards->sum(Counter::kSlowConsumers) == 1; }, 5s));
    EXPECT_EQ(server.talk(publisher, "PUB b 1\r\ny\r\n"), "");  // nobody else notices
    EXPECT_EQ(server.talk(fast, ""), "MSG b 2 1\r\ny\r\n");
    EXPECT_EQ(server.shards->sum(Counter::kSubscriptions), 1u);
    EXPECT_EQ(server.face.connections, 2u);
  }
  EXPECT_GT(mark.hits(), 0u);
}

TEST(Session, EndsASlowConsumerWhoseWriteDeadlinePasses) {
  const test::Mark mark("nats.session.write_deadline");
  Settings settings;
  settings.write_deadline = 500ms;
  NatsWorld server({}, settings);
  sim::Client& publisher = server.connect(kQuiet);
  sim::Client& slow = server.connect(kQuiet);
  EXPECT_EQ(server.talk(slow, "SUB a 1\r\n"), "");
  const std::string message = "PUB a 100000\r\n" + std::string(100000, 'x') + "\r\n";
  for (int i = 0; i < 4; ++i) publisher.send(message);  // slow only for a while: stays
  slow.pause_reading();
  server.world.run_for(300ms);
  slow.resume_reading();
  server.world.run_for(2s);
  EXPECT_EQ(slow.state(), State::kOpen);
  slow.pause_reading();
  for (int i = 0; i < 4; ++i) publisher.send(message);
  EXPECT_TRUE(server.world.run_until([&] { return server.shards->sum(Counter::kSlowConsumers) == 1; }, 5s));
  EXPECT_GT(mark.hits(), 0u);
}

// Many slow readers and a small budget: what they hold is bounded, they are the ones to go, and nobody else loses a message.
TEST(Session, EndsSlowConsumersWhenTheMemoryBudgetIsPassed) {
  const test::Mark mark("nats.session.memory_budget");
  constexpr std::size_t kBudget = 4 << 20;
  for (const std::size_t shards : {1u, 2u}) {
    NatsWorld server({.shards = shards, .memory_budget_bytes = kBudget});
    server.world.network().settings().max_delay = 1us;
    sim::Client& publisher = server.connect(kQuiet);
    sim::Client& fast = server.connect(kQuiet);
    EXPECT_EQ(server.talk(fast, "SUB a 1\r\n"), "");
    for (int i = 0; i < 6; ++i) {
      sim::Client& slow = server.connect(kQuiet);
      EXPECT_EQ(server.talk(slow, "SUB a 1\r\n"), "");
      slow.pause_reading();
    }
    const std::string message = "PUB a 100000\r\n" + std::string(100000, 'x') + "\r\n";
    constexpr std::size_t kMessages = 200;
    std::size_t greatest = 0;
    for (std::size_t i = 0; i < kMessages; ++i) {
      publisher.send(message);
      server.world.run_for(1ms);
      greatest = std::max(greatest, server.memory.used_bytes());
    }
    const std::size_t all = kMessages * (std::string("MSG a 1 100000\r\n\r\n").size() + 100000);
    EXPECT_TRUE(server.world.run_until([&] { return fast.received().size() == all; }, 60s)) << fast.received().size();
    EXPECT_GT(greatest, kBudget / 2);
    EXPECT_LT(greatest, kBudget + (6 << 20)) << "a fair backlog each, and what one turn adds";
    EXPECT_GT(server.shards->sum(Counter::kSlowConsumers), 0u);
    EXPECT_GT(server.memory.refusals(runtime::MemoryKind::kOutBuffers), 0u);
    EXPECT_EQ(fast.state(), State::kOpen);
  }
  EXPECT_GT(mark.hits(), 0u);
}

TEST(Session, StallsAProducerThatIsFasterThanItsConsumer) {
  Settings settings;
  settings.max_pending = 1 << 20;
  NatsWorld server({}, settings);
  sim::Client& publisher = server.connect(kQuiet);
  sim::Client& consumer = server.connect(kQuiet);
  EXPECT_EQ(server.talk(consumer, "SUB a 1\r\n"), "");
  server.world.network().settings().max_delay = 1us;
  const std::string message = "PUB a 30000\r\n" + std::string(30000, 'x') + "\r\n";
  consumer.pause_reading();
  for (int i = 0; i < 100; ++i) publisher.send(message);
  EXPECT_TRUE(server.world.run_until([&] { return server.shards->sum(Counter::kProducerStalls) > 0; }, 1s));
  consumer.resume_reading();
  const std::size_t all = 100 * (std::string("MSG a 1 30000\r\n\r\n").size() + 30000);
  EXPECT_TRUE(server.world.run_until([&] { return consumer.received().size() == all; }, 10s)) << consumer.received().size();
  EXPECT_EQ(server.shards->sum(Counter::kSlowConsumers), 0u);
}

TEST(Session, AsksForCredentials) {
  Settings settings;
  settings.credentials.users = {{"ada", "lovelace"}};
  settings.info.auth_required = true;
  const std::string violation = "-ERR 'Authorization Violation'\r\n";
  for (const auto& [said, answer] : std::vector<std::pair<std::string, std::string>>{
           {R"(CONNECT {"verbose":false,"user":"ada","pass":"lovelace"})", ""},
           {R"(CONNECT {"verbose":false,"user":"ada","pass":"lovelac"})", violation},
           {R"(CONNECT {"verbose":false,"user":"ada","pass":""})", violation},
           {R"(CONNECT {"verbose":false,"user":"","pass":"lovelace"})", violation},
           {R"(CONNECT {"verbose":false,"auth_token":"lovelace"})", violation},
           {"SUB a 1", violation},
           {"NONSENSE", violation},
           {"CONNECT {", ""},  // without a word
       }) {
    SCOPED_TRACE(said);
    NatsWorld server({}, settings);
    EXPECT_EQ(server.talk(server.connect(), said + "\r\n"), answer);
  }
  settings.authentication_timeout = 100ms;
  NatsWorld server({}, settings);
  sim::Client& silent = server.connect();
  EXPECT_TRUE(server.world.run_until([&] { return silent.state() == State::kClosed; }, 1s));
  EXPECT_EQ(silent.received(), "-ERR 'Authentication Timeout'\r\n");
}

TEST(Session, GivesUpAClientThatAnswersNoPing) {
  Settings settings;
  settings.keep_alive = {.interval = 1s, .max_outstanding = 2};
  NatsWorld server({}, settings);
  sim::Client& client = server.connect(kQuiet);
  EXPECT_TRUE(server.world.run_until([&] { return client.state() == State::kClosed; }, 10s));
  EXPECT_EQ(client.received(), "PING\r\nPING\r\n-ERR 'Stale Connection'\r\n");
}

TEST(Session, CountsWhatItIsToldToCount) {
  NatsWorld server({.shards = 2});
  sim::Client& client = server.connect(kQuiet);
  EXPECT_EQ(server.talk(client, "SUB a 1\r\nUNSUB 1 2\r\nPUB a 1\r\n1\r\nPUB a 1\r\n2\r\nPUB a 1\r\n3\r\n"),
            "MSG a 1 1\r\n1\r\nMSG a 1 1\r\n2\r\n");
  EXPECT_EQ(server.shards->sum(Counter::kSubscriptions), 0u);
  EXPECT_EQ(server.shards->sum(Counter::kMessagesIn), 3u);
  EXPECT_EQ(server.shards->sum(Counter::kBytesIn), 3u);
  EXPECT_EQ(server.shards->sum(Counter::kMessagesOut), 2u);
}

TEST(Session, TurnsAwayTheOneTooManyAndTakesTheNextAgain) {
  Settings settings;
  settings.max_connections = 1;
  NatsWorld server({}, settings);
  sim::Client& first = server.connect(kQuiet);
  sim::Client& second = server.world.network().connect({"127.0.0.1", 4222});
  EXPECT_TRUE(server.world.run_until([&] { return second.state() == State::kClosed; }, 1s));
  EXPECT_TRUE(second.received().ends_with("}\r\n-ERR 'maximum connections exceeded'\r\n"));
  first.close();
  server.world.run_for(100ms);
  EXPECT_EQ(server.talk(server.connect(), "CONNECT {\"verbose\":false}\r\n"), "");
}

}  // namespace
}  // namespace firth::nats
