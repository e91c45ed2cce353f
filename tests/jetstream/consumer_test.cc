#include "jetstream/consumer.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <charconv>

#include "broker/streams.h"
#include "jetstream/consumers.h"
#include "tests/broker/broker_world.h"
#include "tests/sim/seeds.h"

namespace firth::jetstream {
namespace {

using namespace std::chrono_literals;
using broker::kGlobalAccount;

struct Received {
  std::string subject, reply, headers, body;
};

// A client that keeps what it gets.
class Client final : public broker::Subscriber {
 public:
  broker::Pressure deliver(const broker::Message& message, std::uint64_t) override {
    received.push_back(
        {std::string(message.subject), std::string(message.reply), std::string(message.headers()), std::string(message.body())});
    return broker::Pressure::kNone;
  }
  std::vector<Received> received;
};

// One stream "s" of subjects "s.*", its consumers, and a client with the inbox "r".
class ConsumerWorld {
 public:
  explicit ConsumerWorld(broker::Retention retention = broker::Retention::kLimits, std::uint64_t seed = 3) : world_(seed) {
    EXPECT_TRUE(world_.open()) << world_.error;
    broker::TopicConfig config = broker::stream_defaults();
    config.subjects = {"s.*"};
    config.retention = retention;
    const auto made = world_.run(world_.broker->create_topic(world_.shard(), {.name = "s", .config = config}));
    key_ = {.topic = (**made)->id, .partition = PartitionIndex(0)};
    serve();
  }
  ~ConsumerWorld() {
    on_shard([this] { leave(); });
  }

  void again(bool power_loss) {
    on_shard([this] { leave(); });
    power_loss ? world_.lose_power() : world_.kill();
    ASSERT_TRUE(world_.open()) << world_.error;
    serve();
  }
  // The machine stops inside the nth write of the journal from now, and starts again with again_after_halt.
  void halt_in_write(std::uint64_t nth) {
    world_.world.files().inject(
        {.operation = sim::Operation::kWrite, .nth = nth, .path_contains = "journal", .effect = sim::Effect::kHalt});
  }
  void again_after_halt() {
    ASSERT_TRUE(world_.world.files().is_halted());
    leave();
    world_.lose_power();
    ASSERT_TRUE(world_.open()) << world_.error;
    serve();
  }
  void delete_stream() { ASSERT_TRUE(world_.run(world_.broker->delete_topic(world_.shard(), key_.topic))->ok()); }

  void publish(std::string_view subject, std::string_view payload) {
    on_shard([&] { stream().publish({.subject = subject, .payload = payload}, [](const broker::PublishOutcome&) {}); });
  }
  // What came to the inbox since the last call.
  std::vector<Received> send(std::string_view subject, std::string_view body, std::string_view reply = "r") {
    on_shard([&] { router->publish(kGlobalAccount, {.subject = subject, .reply = reply, .payload = body}); });
    return take();
  }
  std::vector<Received> take() { return std::exchange(client.received, {}); }
  std::string api(std::string_view subject, std::string_view body) {
    const auto answers = send(fmt::format("$JS.API.CONSUMER.{}", subject), body);
    EXPECT_EQ(answers.size(), 1u) << subject;
    return answers.empty() ? "" : answers.front().body;
  }
  void run_for(runtime::MonotonicTime::duration time) {
    bool passed = false;
    runtime::Loop& loop = world_.shard().shard().loop;
    loop.post([&] { loop.schedule(loop.now() + time, [&] { passed = true; }); });
    world_.world.run_until([&] { return passed; }, 100s);
  }
  broker::Stream& stream() { return *streams_->find(key_); }
  bool has(std::uint64_t sequence) {
    bool has = false;
    on_shard([&] { has = stream().has(Sequence(sequence)); });
    return has;
  }

  void on_shard(const std::function<void()>& job) {
    bool ran = false;
    world_.shard().shard().loop.post([&] {
      job();
      ran = true;
    });
    world_.world.run_until([&] { return ran; }, 10s);
    run_for(20ms);  // the sync, and what it releases
  }

  Client client;
  std::unique_ptr<broker::Router> router;

 private:
  void serve() {
    streams_ = std::make_unique<broker::Streams>(world_.shard());
    router = std::make_unique<broker::Router>(world_.shard().shard(), 1);
    broker::Router* const all[] = {router.get()};
    router->connect(all);
    on_shard([this] {
      consumers_ = std::make_unique<Consumers>(*streams_, *router, world_.world.random());
      const std::vector shards{ApiShard{.streams = streams_.get(), .consumers = consumers_.get(), .router = router.get()}};
      api_ = std::make_unique<Api>(world_.shard(), shards);
      inbox_ = router->subscribe(kGlobalAccount, client, 0, "r");
    });
  }
  void leave() {
    api_->stop();
    api_.reset();
    consumers_.reset();
    router->unsubscribe(inbox_);
    streams_.reset();
  }

  broker::test::BrokerWorld world_;
  PartitionKey key_;
  std::unique_ptr<broker::Streams> streams_;
  std::unique_ptr<Consumers> consumers_;
  std::unique_ptr<Api> api_;
  subject::SubscriberId inbox_{};
};

constexpr std::string_view kExplicit = R"({"stream_name":"s","config":{"durable_name":"c","ack_policy":"explicit"}})";

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Consumer, DefaultsAreThoseOfTheRealServer) {
  ConsumerWorld world;
  world.publish("s.a", "1");
  world.publish("s.a", "2");
  const std::string made = world.api("CREATE.s.c", kExplicit);
  for (const std::string_view part :
       {"\"type\":\"io.nats.jetstream.api.v1.consumer_create_response\"", "\"durable_name\":\"c\"", "\"name\":\"c\"",
        "\"deliver_policy\":\"all\"", "\"ack_wait\":30000000000", "\"max_deliver\":-1", "\"replay_policy\":\"instant\"",
        "\"max_waiting\":512", "\"max_ack_pending\":1000", "\"num_replicas\":0", "\"num_pending\":2", "\"num_ack_pending\":0"})
    EXPECT_TRUE(holds(made, part)) << part << " in " << made;
}

TEST(Consumer, PullsOneTwoAndWhatIsNotThere) {
  ConsumerWorld world;
  world.publish("s.a", "1");
  world.publish("s.a", "2");
  world.api("CREATE.s.c", kExplicit);
  auto got = world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", "");
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].subject, "s.a");
  EXPECT_EQ(got[0].body, "1");
  EXPECT_TRUE(got[0].reply.starts_with("$JS.ACK.s.c.1.1.1.")) << got[0].reply;
  EXPECT_TRUE(got[0].reply.ends_with(".1")) << got[0].reply;
  got = world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", R"({"batch":5,"no_wait":true})");
  ASSERT_EQ(got.size(), 2u);
  EXPECT_TRUE(got[0].reply.starts_with("$JS.ACK.s.c.1.2.2.")) << got[0].reply;
  EXPECT_EQ(got[1].headers, "NATS/1.0 404 No Messages\r\n\r\n");
  world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", R"({"batch":3,"expires":50000000})");
  world.run_for(100ms);
  EXPECT_EQ(world.client.received.at(0).headers,
            "NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 3\r\nNats-Pending-Bytes: 0\r\n\r\n");
}

TEST(Consumer, AWaitingPullGetsWhatIsPublishedLater) {
  ConsumerWorld world;
  world.api("CREATE.s.c", kExplicit);
  EXPECT_TRUE(world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", R"({"batch":2,"expires":5000000000})").empty());
  world.publish("s.a", "1");
  world.publish("s.b", "2");
  const auto got = world.take();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[1].body, "2");
}

TEST(Consumer, AcknowledgementsAreConfirmedAndSurviveKillAndPowerLoss) {
  for (const bool power_loss : {false, true}) {
    ConsumerWorld world;
    for (const char* payload : {"1", "2", "3"}) world.publish("s.a", payload);
    world.api("CREATE.s.c", kExplicit);
    world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", "2");
    const auto confirmed = world.send("$JS.ACK.s.c.1.1.1.17.2", "+ACK");
    ASSERT_EQ(confirmed.size(), 1u);
    EXPECT_EQ(confirmed[0].body + confirmed[0].headers, "");
    world.again(power_loss);
    const std::string info = world.api("INFO.s.c", "");
    EXPECT_TRUE(holds(info, "\"ack_floor\":{\"consumer_seq\":1,\"stream_seq\":1")) << info;
    EXPECT_TRUE(holds(info, "\"num_ack_pending\":1")) << info;
    EXPECT_TRUE(holds(info, "\"num_pending\":1")) << info;
    const auto next = world.send("$JS.ACK.s.c.1.2.2.17.1", "+NXT");
    ASSERT_EQ(next.size(), 1u);
    EXPECT_EQ(next[0].body, "3");
  }
}

TEST(Consumer, NakBringsItAgainTermDoesNot) {
  ConsumerWorld world;
  world.publish("s.a", "1");
  world.api("CREATE.s.c", kExplicit);
  world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", "");
  EXPECT_EQ(world.send("$JS.ACK.s.c.1.1.1.17.0", "-NAK").size(), 1u);
  const auto again = world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", "");
  ASSERT_EQ(again.size(), 1u);
  EXPECT_TRUE(again[0].reply.starts_with("$JS.ACK.s.c.2.1.2.")) << again[0].reply;
  world.send("$JS.ACK.s.c.2.1.2.17.0", "+TERM");
  const std::string info = world.api("INFO.s.c", "");
  EXPECT_TRUE(holds(info, "\"num_ack_pending\":0")) << info;
  EXPECT_TRUE(holds(info, "\"ack_floor\":{\"consumer_seq\":2,\"stream_seq\":1")) << info;
}

TEST(Consumer, WhatIsNotAcknowledgedInTimeComesAgainAsOftenAsItMay) {
  ConsumerWorld world;
  world.publish("s.a", "1");
  world.api("CREATE.s.c",
            R"({"stream_name":"s","config":{"durable_name":"c","ack_policy":"explicit","ack_wait":1000000000,"max_deliver":2}})");
  world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", R"({"batch":9,"expires":60000000000})");
  world.run_for(5s);
  const auto got = world.take();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_TRUE(got[0].reply.starts_with("$JS.ACK.s.c.2.1.2."));
  EXPECT_TRUE(holds(world.api("INFO.s.c", ""), "\"num_ack_pending\":0"));
}

// As long as a client can say: it comes no more, where a sum that wraps around would bring it at once.
TEST(Consumer, TheLongestDelaysNeverEnd) {
  for (const std::string_view nak : {R"(-NAK {"delay":9223372036854775807})", "-NAK 8999999999s", "+WPI"}) {
    ConsumerWorld world;
    world.publish("s.a", "1");
    world.api("CREATE.s.c", R"({"stream_name":"s","config":{"name":"c","ack_policy":"explicit","ack_wait":9223372036854775807,)"
                            R"("inactive_threshold":9223372036854775807}})");
    ASSERT_EQ(world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", "").size(), 1u);
    world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", R"({"batch":1,"expires":9223372036854775807,"idle_heartbeat":4611686018427387903})");
    world.send("$JS.ACK.s.c.1.1.1.17.0", nak);
    world.run_for(5s);
    EXPECT_TRUE(world.take().empty()) << nak;
    EXPECT_TRUE(holds(world.api("INFO.s.c", ""), "\"num_ack_pending\":1")) << nak;
  }
}

TEST(Consumer, RequestsAboveTheLimitsAreRefused) {
  ConsumerWorld world;
  world.api(
      "CREATE.s.c",
      R"({"stream_name":"s","config":{"durable_name":"c","ack_policy":"explicit","max_batch":2,"max_expires":1000000000,"max_bytes":100}})");
  const std::pair<std::string_view, std::string_view> rows[] = {
      {R"({"batch":3})", "409 Exceeded MaxRequestBatch of 2"},
      {R"({"batch":1,"expires":2000000000})", "409 Exceeded MaxRequestExpires of 1s"},
      {R"({"batch":1,"max_bytes":101})", "409 Exceeded MaxRequestMaxBytes of 100"},
      {R"({"batch":"x"})", "400 Bad Request - json: wrong value for \"batch\""},
  };
  for (const auto& [body, status] : rows) {
    const auto got = world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", body);
    ASSERT_EQ(got.size(), 1u) << body;
    EXPECT_EQ(got[0].headers, status_block(status));
  }
}

TEST(Consumer, WhoWaitsWhenItIsDeletedIsTold) {
  ConsumerWorld world;
  world.api("CREATE.s.c", kExplicit);
  world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", R"({"batch":1,"expires":5000000000})");
  const auto got = world.send("$JS.API.CONSUMER.DELETE.s.c", "");
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].headers, "NATS/1.0 409 Consumer Deleted\r\n\r\n");
  EXPECT_TRUE(holds(got[1].body, "\"success\":true"));
  EXPECT_TRUE(holds(world.api("NAMES.s", ""), "\"total\":0"));
  world.again(true);
  EXPECT_TRUE(holds(world.api("INFO.s.c", ""), "\"err_code\":10014"));
}

TEST(Consumer, WhoWaitsWhenTheStreamIsDeletedIsTold) {
  ConsumerWorld world;
  world.api("CREATE.s.c", kExplicit);
  world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", R"({"batch":1,"expires":5000000000})");
  world.delete_stream();
  const auto got = world.take();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].headers, "NATS/1.0 409 Consumer Deleted\r\n\r\n");
}

// $JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<number>...
std::uint64_t number_of(const Received& message) {
  std::string_view rest = message.reply;
  for (int token = 0; token < 6; ++token) rest.remove_prefix(std::min(rest.find('.'), rest.size() - 1) + 1);
  std::uint64_t number = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), number);
  return number;
}

TEST(Consumer, NoNumberOfADeliveryIsUsedAgainWhenACrashForgotTheDelivery) {
  for (const std::uint64_t seed : firth::test::seeds(6)) {
    SCOPED_TRACE(firth::test::replay(seed));
    ConsumerWorld world(broker::Retention::kLimits, seed);
    for (const char* payload : {"1", "2", "3", "4"}) world.publish("s.a", payload);
    world.api("CREATE.s.c", kExplicit);
    std::uint64_t last = 0;
    for (int life = 0; life < 4; ++life) {
      world.publish("s.b", "");                // the journal makes its next file now, not later
      world.halt_in_write(life == 0 ? 1 : 2);  // after a start the first write reserves numbers
      const auto got = world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", R"({"batch":1,"no_wait":true})");
      ASSERT_EQ(got.size(), 1u) << "life " << life;
      EXPECT_GT(number_of(got[0]), last);
      last = number_of(got[0]);
      world.again_after_halt();
    }
  }
}

TEST(Consumer, NumbersGoOnPastABlock) {
  ConsumerWorld world;
  world.publish("s.a", "1");
  world.api("CREATE.s.c", kExplicit);
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < 3; ++i) {
    const std::uint64_t batch = broker::kReservedDeliveries / 2;
    world.on_shard([&] {
      for (std::uint64_t n = 0; n < batch; ++n) {
        world.router->publish(kGlobalAccount, {.subject = "$JS.ACK.s.c.1.1.1.17.0", .reply = {}, .payload = "-NAK"});
        world.router->publish(kGlobalAccount, {.subject = "$JS.API.CONSUMER.MSG.NEXT.s.c", .reply = "r", .payload = ""});
      }
    });
    const auto got = world.take();
    ASSERT_EQ(got.size(), batch);
    for (const Received& message : got) {
      ASSERT_EQ(number_of(message), last + 1);
      last = number_of(message);
    }
  }
}

TEST(Consumer, InAWorkQueueTheAcknowledgementErases) {
  ConsumerWorld world(broker::Retention::kWorkQueue);
  world.publish("s.a", "1");
  world.publish("s.a", "2");
  world.api("CREATE.s.c", kExplicit);
  world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", "2");
  world.send("$JS.ACK.s.c.1.1.1.17.1", "+ACK");
  EXPECT_FALSE(world.has(1));
  EXPECT_TRUE(world.has(2));
  world.again(true);
  EXPECT_FALSE(world.has(1));
  EXPECT_TRUE(holds(world.api("INFO.s.c", ""), "\"ack_floor\":{\"consumer_seq\":1,\"stream_seq\":1"));
  EXPECT_TRUE(
      holds(world.api("CREATE.s.d", R"({"stream_name":"s","config":{"durable_name":"d","ack_policy":"explicit"}})"), "\"err_code\":10099"));
}

TEST(Consumer, APushConsumerGivesTheLastOfEachSubjectThenGoesOnWithHeartbeats) {
  ConsumerWorld world;
  for (const auto& [subject, payload] : {std::pair("s.a", "1"), std::pair("s.b", "2"), std::pair("s.a", "3")})
    world.publish(subject, payload);
  auto got = world.send("$JS.API.CONSUMER.CREATE.s.w.s.>",
                        R"({"stream_name":"s","config":{"name":"w","deliver_subject":"r","deliver_policy":"last_per_subject",
                            "filter_subject":"s.>","ack_policy":"none","flow_control":true,"idle_heartbeat":1000000000}})");
  ASSERT_EQ(got.size(), 3u);
  std::ranges::sort(got, {}, &Received::reply);  // the answer has none
  EXPECT_TRUE(holds(got[0].body, "\"num_pending\":2")) << got[0].body;
  EXPECT_EQ(got[1].body, "2");
  EXPECT_TRUE(got[1].reply.starts_with("$JS.ACK.s.w.1.2.1.") && got[1].reply.ends_with(".1")) << got[1].reply;
  EXPECT_EQ(got[2].body, "3");
  EXPECT_TRUE(got[2].reply.ends_with(".0")) << got[2].reply;
  world.publish("s.c", "4");
  got = world.take();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].body, "4");
  world.run_for(1100ms);
  ASSERT_GE(world.client.received.size(), 1u);
  EXPECT_EQ(world.client.received[0].headers, "NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 3\r\nNats-Last-Stream: 4\r\n\r\n");
}

TEST(Consumer, AnEphemeralOneGoesWhenNobodyAsks) {
  ConsumerWorld world;
  world.api("CREATE.s.e", R"({"stream_name":"s","config":{"name":"e","ack_policy":"explicit","inactive_threshold":2000000000}})");
  world.run_for(1s);
  EXPECT_TRUE(holds(world.api("NAMES.s", ""), "\"total\":1"));
  world.run_for(5s);
  EXPECT_TRUE(holds(world.api("NAMES.s", ""), "\"total\":0"));
}

TEST(Consumer, WhatCannotBeCreated) {
  ConsumerWorld world;
  const std::tuple<std::string_view, std::string_view, int> rows[] = {
      {"CREATE.s.c", "{", 10025},
      {"CREATE.s.c", R"({"stream_name":"t","config":{"durable_name":"c"}})", 10056},
      {"CREATE.s.c", R"({"stream_name":"s","config":{"durable_name":"c","ack_policy":"explicit"},"action":"update"})", 10149},
      {"CREATE.s.c", R"({"stream_name":"s","config":{"name":"c","deliver_subject":"s.x"}})", 10081},
      {"CREATE.s.c", R"({"stream_name":"s","config":{"name":"c","deliver_subject":"$JS.API.CONSUMER.DELETE.s.c"}})", 10081},
  };
  for (const auto& [subject, body, number] : rows)
    EXPECT_TRUE(holds(world.api(subject, body), fmt::format("\"err_code\":{}", number))) << subject << ' ' << body;
  world.api("CREATE.s.c", kExplicit);
  EXPECT_TRUE(holds(world.api("CREATE.s.c", R"({"stream_name":"s","config":{"durable_name":"c","description":"x"},"action":"create"})"),
                    "\"err_code\":10148"));
  EXPECT_TRUE(
      holds(world.api("CREATE.s.c", R"({"stream_name":"s","config":{"durable_name":"c","ack_policy":"none"}})"), "\"err_code\":10012"));
}

TEST(Consumer, InAnInterestStreamAMessageStaysWhileSomebodyIsToGetIt) {
  ConsumerWorld world(broker::Retention::kInterest);
  world.publish("s.a", "1");
  EXPECT_FALSE(world.has(1)) << "nobody wants it";
  world.api("CREATE.s.a", R"({"stream_name":"s","config":{"durable_name":"a","ack_policy":"explicit","filter_subject":"s.a"}})");
  world.api("CREATE.s.c", kExplicit);
  for (const char* subject : {"s.a", "s.b"}) world.publish(subject, "x");
  EXPECT_TRUE(world.has(2) && world.has(3));
  world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", "2");
  world.send("$JS.ACK.s.c.1.2.1.17.1", "+ACK");
  world.send("$JS.ACK.s.c.1.3.2.17.0", "+ACK");
  EXPECT_TRUE(world.has(2)) << "`a` has not got it";
  EXPECT_FALSE(world.has(3)) << "only `c` wanted it, and is done";
  world.publish("s.a", "y");
  world.again(true);
  EXPECT_FALSE(world.has(1) || world.has(3));
  EXPECT_TRUE(world.has(2) && world.has(4));
  world.api("DELETE.s.a", "");
  EXPECT_FALSE(world.has(2)) << "`c` is done with it";
  EXPECT_TRUE(world.has(4));
  world.api("DELETE.s.c", "");
  EXPECT_FALSE(world.has(4));
}

TEST(Consumer, WithoutAcknowledgementsDeliveredIsDoneInAnInterestStreamToo) {
  ConsumerWorld world(broker::Retention::kInterest);
  world.api("CREATE.s.c", R"({"stream_name":"s","config":{"durable_name":"c"}})");
  world.publish("s.a", "1");
  EXPECT_TRUE(world.has(1));
  world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", "1");
  EXPECT_FALSE(world.has(1));
}

TEST(Consumer, ARequestThatDoesNotWaitIsAnsweredByWhatThereIs) {
  ConsumerWorld world;
  world.api("CREATE.s.c", kExplicit);
  const auto headers = [](const std::vector<Received>& got) { return got.empty() ? std::string() : got.back().headers; };
  EXPECT_EQ(headers(world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", R"({"batch":2,"no_wait":true})")), status_block("404 No Messages"));
  EXPECT_TRUE(world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", R"({"batch":2,"no_wait":true,"expires":5000000000})").empty()) << "it waits";
  world.publish("s.a", "1");
  auto got = world.take();
  ASSERT_EQ(got.size(), 2u) << "for the first message, and what comes with it";
  EXPECT_EQ(headers(got), status_block("404 No Messages"));
  world.publish("s.a", "2");
  got = world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", R"({"batch":1,"max_bytes":1000,"expires":5000000000})");
  ASSERT_EQ(got.size(), 2u);
  EXPECT_TRUE(got[1].headers.starts_with("NATS/1.0 409 Batch Completed\r\nNats-Pending-Messages: 0\r\n")) << got[1].headers;
}

TEST(Consumer, BackoffSpacesTheRedeliveries) {
  ConsumerWorld world;
  world.publish("s.a", "1");
  world.api("CREATE.s.c", R"({"stream_name":"s","config":{"durable_name":"c","ack_policy":"explicit","backoff":[1000000000,3000000000]}})");
  world.send("$JS.API.CONSUMER.MSG.NEXT.s.c", R"({"batch":9,"expires":60000000000})");
  struct Row {
    runtime::MonotonicTime::duration passes;
    std::size_t redelivered;
  };
  for (const auto& [passes, redelivered] : {Row{900ms, 0}, Row{200ms, 1}, Row{2700ms, 0}, Row{400ms, 1}, Row{2700ms, 0}, Row{400ms, 1}}) {
    world.run_for(passes);
    EXPECT_EQ(world.take().size(), redelivered);
  }
}

TEST(Consumer, AnEphemeralOneStaysWhileAMessageIsAtWork) {
  ConsumerWorld world;
  world.publish("s.a", "1");
  world.api("CREATE.s.e",
            R"({"stream_name":"s","config":{"name":"e","ack_policy":"explicit","ack_wait":10000000000,"inactive_threshold":2000000000}})");
  world.send("$JS.API.CONSUMER.MSG.NEXT.s.e", "");
  world.run_for(8s);
  EXPECT_TRUE(holds(world.api("NAMES.s", ""), "\"total\":1"));
  world.send("$JS.ACK.s.e.1.1.1.17.0", "+ACK");
  world.run_for(4s);
  EXPECT_TRUE(holds(world.api("NAMES.s", ""), "\"total\":0"));
}

TEST(Consumer, WhereItStarts) {
  ConsumerWorld world;
  for (const char* subject : {"s.a", "s.b", "s.a"}) world.publish(subject, "x");
  const std::tuple<std::string_view, int, int> rows[] = {
      {R"("deliver_policy":"all")", 0, 3},
      {R"("deliver_policy":"last")", 2, 1},
      {R"("deliver_policy":"last","filter_subject":"s.b")", 1, 1},
      {R"("deliver_policy":"last","filter_subject":"s.x")", 0, 0},
      {R"("deliver_policy":"new")", 3, 0},
      {R"("deliver_policy":"by_start_sequence","opt_start_seq":2)", 1, 2},
      {R"("deliver_policy":"by_start_sequence","opt_start_seq":9)", 8, 0},
      {R"("deliver_policy":"by_start_time","opt_start_time":"2000-01-01T00:00:00Z")", 0, 3},
      {R"("deliver_policy":"by_start_time","opt_start_time":"2200-01-01T00:00:00Z")", 3, 0},
      {R"("deliver_policy":"last_per_subject","filter_subject":"s.*")", 0, 2},
  };
  for (const auto& [config, behind, pending] : rows) {
    const std::string info = world.api("CREATE.s.c", fmt::format(R"({{"stream_name":"s","config":{{"durable_name":"c",{}}}}})", config));
    EXPECT_TRUE(holds(info, fmt::format(R"("delivered":{{"consumer_seq":0,"stream_seq":{}}})", behind))) << config << info;
    EXPECT_TRUE(holds(info, fmt::format(R"("num_pending":{})", pending))) << config << info;
    world.api("DELETE.s.c", "");
  }
}

}  // namespace
}  // namespace firth::jetstream
