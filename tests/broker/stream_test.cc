#include <gtest/gtest.h>

#include <map>
#include <random>

#include "broker/log_start.h"
#include "broker/streams.h"
#include "log/batch_builder.h"
#include "tests/broker/broker_world.h"
#include "tests/mark.h"

namespace firth::broker {
namespace {

using namespace test;

// A broker with one stream, opened again after kills and power losses.
class StreamWorld {
 public:
  explicit StreamWorld(std::uint64_t seed) : world(seed) { EXPECT_TRUE(open()) << world.error; }
  ~StreamWorld() { streams.reset(); }

  bool open() {
    if (!world.open()) return false;
    streams = std::make_unique<Streams>(world.shard());
    world.world.run_until_idle();
    return true;
  }
  void make(std::string name, const TopicConfig& config) {
    const auto made =
        world.run(world.broker->create_topic(world.shard(), {.name = std::move(name), .partition_count = 1, .config = config}));
    ASSERT_TRUE(made.has_value() && made->ok());
    id = (**made)->id;
  }
  void again(bool power_loss) {
    if (streams != nullptr) on_shard([this] { streams.reset(); });
    power_loss ? world.lose_power() : world.kill();
    ASSERT_TRUE(open()) << world.error;
  }
  Stream& stream() { return *streams->find({.topic = id, .partition = PartitionIndex(0)}); }
  void on_shard(std::function<void()> job) {
    bool ran = false;
    world.shard().shard().loop.post([&] {
      job();
      ran = true;
    });
    world.world.run_until([&] { return ran; }, 10s);
    world.world.run_until_idle();
  }
  PublishOutcome publish(const PublishRequest& request) {
    std::optional<PublishOutcome> outcome;
    on_shard([&] { stream().publish(request, [&](const PublishOutcome& o) { outcome = o; }); });
    EXPECT_TRUE(outcome.has_value());
    return outcome.value_or(PublishOutcome());
  }

  BrokerWorld world;
  std::unique_ptr<Streams> streams;
  TopicId id;
};

TopicConfig config_of(std::vector<std::string> subjects) {
  TopicConfig config = stream_defaults();
  config.subjects = std::move(subjects);
  config.duplicate_window = std::chrono::minutes(2);
  return config;
}

PublishRequest message(std::string_view subject, std::string_view payload) {
  PublishRequest request;
  request.subject = subject;
  request.payload = payload;
  return request;
}

TEST(Stream, WhatIsPublishedIsThereAfterKillAndPowerLoss) {
  for (const bool power_loss : {false, true}) {
    StreamWorld world(3);
    world.make("orders", config_of({"orders.>"}));
    PublishRequest request = message("orders.eu", "one");
    request.headers = "NATS/1.0\r\nA: b\r\n\r\n";
    EXPECT_EQ(world.publish(request).sequence, Sequence(1));
    EXPECT_EQ(world.publish(message("orders.us", "two")).sequence, Sequence(2));
    world.again(power_loss);
    world.on_shard([&] {
      const auto first = world.stream().get(Sequence(1));
      ASSERT_TRUE(first.ok() && first->has_value());
      EXPECT_EQ((*first)->subject, "orders.eu");
      EXPECT_EQ((*first)->headers, request.headers);
      EXPECT_EQ(as_text((*first)->payload), "one");
      const StreamCounts counts = world.stream().counts();
      EXPECT_EQ(counts.messages, 2u);
      EXPECT_EQ(counts.bytes, 22u + 9 + 4 + 18 + 3 + 8 + 22 + 9 + 3 + 8);
      EXPECT_EQ(counts.subjects, 2u);
      EXPECT_EQ(world.stream().last_sequence("orders.*"), Sequence(2));
      EXPECT_EQ(world.stream().pending(Sequence(1), {"orders.us"}), 1u);
    });
  }
}

TEST(Stream, PublishesOfOneTurnAreOneBatch) {
  StreamWorld world(4);
  world.make("s", config_of({"s"}));
  int answered = 0;
  world.on_shard([&] {
    for (int i = 0; i < 100; ++i)
      world.stream().publish(message("s", "x"), [&](const PublishOutcome& outcome) {
        EXPECT_EQ(outcome.sequence, Sequence(static_cast<std::uint64_t>(++answered)));
      });
    EXPECT_FALSE(world.stream().has(Sequence(1))) << "not released yet";
    EXPECT_EQ(world.stream().decided_last(), Sequence(100));
  });
  EXPECT_EQ(answered, 100);
  world.on_shard([&] {
    const auto read = world.stream().partition().read_raw({.from = Offset(0), .bound = Offset(100), .max_bytes = 1});
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(log::BatchView(read->batches[0].view()).record_count(), 100);
  });
}

// Docs/one-log.md, "Headers, values, time": a stream stamps its batches itself, so Kafka clients are told that it did.
TEST(Stream, BatchesHaveTheTimestampTypeOfTheirTopic) {
  for (const TimestampType type : {TimestampType::kLogAppendTime, TimestampType::kCreateTime}) {
    StreamWorld world(4);
    TopicConfig config = config_of({"s"});
    config.timestamp_type = type;
    world.make("s", config);
    world.publish(message("s", "x"));
    world.on_shard([&] {
      const auto read = world.stream().partition().read_raw({.from = Offset(0), .bound = Offset(1), .max_bytes = 1});
      ASSERT_TRUE(read.ok());
      const log::BatchView batch(read->batches[0].view());
      EXPECT_EQ(batch.is_log_append_time(), type == TimestampType::kLogAppendTime);
      EXPECT_TRUE(batch.crc_matches());
      EXPECT_TRUE(batch.is_nats_born());
      const auto stored = world.stream().get(Sequence(1));
      ASSERT_TRUE(stored.ok() && stored->has_value());
      EXPECT_EQ((*stored)->time_ns, log::nats_time(batch).count());
      EXPECT_EQ((*stored)->time_ns / 1'000'000, batch.max_timestamp_ms());
    });
  }
}

TEST(Stream, ADuplicateIsAnsweredWithTheOriginalAlsoAfterARestart) {
  StreamWorld world(5);
  world.make("s", config_of({"s"}));
  PublishRequest request = message("s", "x");
  request.headers = "NATS/1.0\r\nNats-Msg-Id: a\r\n\r\n";
  request.message_id = "a";
  EXPECT_FALSE(world.publish(request).duplicate);
  EXPECT_TRUE(world.publish(request).duplicate);
  world.on_shard([&] { EXPECT_TRUE(world.stream().erase(Sequence(1))); });
  world.again(true);
  const PublishOutcome outcome = world.publish(request);
  EXPECT_TRUE(outcome.duplicate) << "an id outlives its message";
  EXPECT_EQ(outcome.sequence, Sequence(1));
}

TEST(Stream, AnIdIsForgottenInTimeWhateverTimeAProducerWrote) {
  StreamWorld world(5);
  world.make("s", config_of({"s"}));
  const auto publish = [&](std::string_view id) {
    const std::string headers = "NATS/1.0\r\nNats-Msg-Id: " + std::string(id) + "\r\n\r\n";
    PublishRequest request = message("s", "x");
    request.headers = headers;
    request.message_id = id;
    return world.publish(request);
  };
  EXPECT_FALSE(publish("a").duplicate);
  world.on_shard([&] {
    std::vector<std::byte> bytes;
    log::BatchBuilder builder(bytes, {});
    builder.append({.timestamp_ms = INT64_MAX, .key = as_bytes("s"), .value = as_bytes("x"), .headers = {}});
    ASSERT_TRUE(world.stream().partition().append(SharedBytes::copy(builder.finish())).ok());
  });
  EXPECT_FALSE(publish("b").duplicate);
  world.again(true);
  EXPECT_TRUE(publish("b").duplicate);
  world.world.world.run_for(config_of({}).duplicate_window + 1s);
  EXPECT_FALSE(publish("b").duplicate);
}

// What a start costs: no segment is read before somebody asks for a message, and then what is asked for; after a clean stop and after a
// kill, with erasures that recovery alone has seen.
TEST(Stream, AStartReadsNoSegmentAndScansNothing) {
  for (const bool clean : {false, true}) {
    SCOPED_TRACE(clean);
    StreamWorld world(21);
    TopicConfig config = config_of({"s.*"});
    config.max_msgs_per_subject = 100;
    world.make("s", config);
    const std::string payload(1000, 'x');
    const auto publish_some = [&](int count) {
      for (int i = 0; i < count; ++i) world.stream().publish(message("s." + std::to_string(i % 10), payload), [](const PublishOutcome&) {});
    };
    for (int i = 0; i < 10; ++i) world.on_shard([&] { publish_some(200); });
    for (int i = 0; i < 2; ++i) {
      bool done = false;
      world.world.broker->disk().checkpointer().request([&] { done = true; });
      ASSERT_TRUE(world.world.world.run_until([&] { return done; }, 10s));
      world.world.world.run_until_idle();
    }
    world.on_shard([&] {
      publish_some(30);
      EXPECT_TRUE(world.stream().erase(Sequence(1500)));
    });
    PublishRequest with_id = message("s.id", "x");
    with_id.headers = "NATS/1.0\r\nNats-Msg-Id: a\r\n\r\n";
    with_id.message_id = "a";
    EXPECT_FALSE(world.publish(with_id).duplicate);
    StreamCounts before;
    world.on_shard([&] { before = world.stream().counts(); });
    EXPECT_EQ(before.messages, 1000u);
    if (clean) {
      world.on_shard([&] { world.streams.reset(); });
      bool settled = false;
      world.world.broker->settle([&] { settled = true; });
      ASSERT_TRUE(world.world.world.run_until([&] { return settled; }, 10s));
    }
    const firth::test::Mark scan("broker.stream.scan");
    world.world.world.files().reset_counters();
    world.again(false);
    for (const sim::ReadRange& read : world.world.world.files().reads())
      EXPECT_EQ(read.path.find("partitions/"), std::string::npos) << read.path << " " << read.position << "+" << read.length;
    world.on_shard([&] {
      const StreamCounts after = world.stream().counts();
      EXPECT_EQ(after.messages, before.messages);
      EXPECT_EQ(after.bytes, before.bytes);
      EXPECT_EQ(after.first, before.first);
      EXPECT_EQ(after.last, before.last);
      EXPECT_EQ(after.subjects, before.subjects);
      EXPECT_FALSE(world.stream().has(Sequence(1500)));
      EXPECT_EQ(world.stream().pending(Sequence(1), {"s.3"}), 100u);
    });
    EXPECT_EQ(scan.hits(), 0u);
    EXPECT_TRUE(world.publish(with_id).duplicate);
    EXPECT_EQ(world.publish(message("s.1", "y")).sequence, before.last + 1);
  }
}

TEST(Stream, ExpectationsAreDecidedFromWhatIsNotReleasedYet) {
  StreamWorld world(6);
  world.make("KV_b", config_of({"$KV.b.>"}));
  std::vector<PublishOutcome> outcomes;
  world.on_shard([&] {
    PublishRequest create = message("$KV.b.k", "x");
    create.expected_last_of_subject = Sequence(0);
    for (int i = 0; i < 2; ++i) world.stream().publish(create, [&](const PublishOutcome& o) { outcomes.push_back(o); });
  });
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[0].refusal, Refusal::kNone);
  EXPECT_EQ(outcomes[1].refusal, Refusal::kWrongLastSequence);
  EXPECT_EQ(outcomes[1].last, Sequence(1));
}

TEST(Stream, WhoErasesWhenTheJournalHasFailedIsTold) {
  StreamWorld world(9);
  world.make("s", config_of({"s"}));
  EXPECT_EQ(world.publish(message("s", "x")).refusal, Refusal::kNone);
  world.world.world.files().inject({.operation = sim::Operation::kSyncData, .path_contains = "journal"});
  EXPECT_EQ(world.publish(message("s", "y")).refusal, Refusal::kStorage);
  std::optional<Result<void>> told;
  world.on_shard([&] {
    EXPECT_TRUE(world.stream().erase(Sequence(1)));
    world.stream().when_released([&](const Result<void>& result) { told = result; });
  });
  ASSERT_TRUE(told.has_value());
  EXPECT_FALSE(told->ok());
  world.on_shard([&] { EXPECT_TRUE(world.stream().has(Sequence(1))); });
}

// While the disk does not answer, what waits for it is bounded. What was refused has left no trace, and all goes on afterwards.
TEST(Stream, AStalledDiskRefusesUntilItHasCaughtUp) {
  StreamWorld world(10);
  world.make("s", config_of({"s"}));
  PublishRequest first = message("s", "x");
  first.message_id = "first";
  EXPECT_EQ(world.publish(first).refusal, Refusal::kNone);
  world.world.world.files().inject(
      {.operation = sim::Operation::kSyncData, .nth = 1, .path_contains = "journal", .effect = sim::Effect::kStall, .stall = 20s});
  const std::string large(1 << 20, 'x');
  std::vector<std::string> refused;
  std::uint64_t stored = 1;
  int answers = 0;
  constexpr int kPublished = 100;
  for (int i = 0; i < kPublished; ++i) {
    world.world.shard().shard().loop.post([&, i] {
      const std::string id = std::to_string(i);
      PublishRequest request = message("s", large);
      request.message_id = id;
      world.stream().publish(request, [&, id](const PublishOutcome& outcome) {
        ++answers;
        if (outcome.refusal == Refusal::kNone) {
          EXPECT_EQ(outcome.sequence, Sequence(++stored));
        } else {
          EXPECT_EQ(outcome.refusal, Refusal::kBehind) << outcome.text;
          refused.push_back(id);
        }
      });
    });
    world.world.world.run_for(1ms);
  }
  EXPECT_GT(refused.size(), 0u);
  EXPECT_EQ(stored, 1u);
  ASSERT_TRUE(world.world.world.run_until([&] { return answers == kPublished; }, 30s));
  world.on_shard([&] { EXPECT_EQ(world.stream().counts().messages, stored); });
  PublishRequest again = message("s", "y");
  again.message_id = refused.back();
  again.expected_last = Sequence(stored);
  const std::string last_stored = std::to_string(stored - 2);
  again.expected_last_id = last_stored;
  const PublishOutcome taken = world.publish(again);
  EXPECT_EQ(taken.refusal, Refusal::kNone) << taken.text;
  EXPECT_FALSE(taken.duplicate) << "it was refused, so its id is free";
  EXPECT_EQ(taken.sequence, Sequence(stored + 1));
}

TEST(Stream, DiscardNewRefusesWhatHasNoRoom) {
  StreamWorld world(7);
  TopicConfig config = config_of({"s.*"});
  config.discard = Discard::kNew;
  config.max_msgs = 2;
  config.max_msgs_per_subject = 1;
  world.make("s", config);
  EXPECT_EQ(world.publish(message("s.a", "x")).refusal, Refusal::kNone);
  EXPECT_EQ(world.publish(message("s.b", "x")).refusal, Refusal::kNone);
  EXPECT_EQ(world.publish(message("s.c", "x")).refusal, Refusal::kFull);
  EXPECT_EQ(world.publish(message("s.a", "y")).refusal, Refusal::kNone) << "it replaces another";
}

TEST(Stream, ALowerLimitTakesMessagesAwayWhetherOrNotTheSubjectsChange) {
  for (const std::vector<std::string>& subjects : {std::vector<std::string>{"a"}, {"a", "b"}}) {
    StreamWorld world(7);
    TopicConfig config = config_of({"a"});
    world.make("s", config);
    for (int i = 0; i < 5; ++i) world.publish(message("a", "x"));
    config.subjects = subjects;
    config.max_msgs = 3;
    const auto changed = world.world.run(world.world.broker->update_topic(world.world.shard(), world.id, config));
    ASSERT_TRUE(changed.has_value() && changed->ok());
    world.world.world.run_until_idle();
    world.on_shard([&] { EXPECT_EQ(world.stream().counts().messages, 3u) << subjects.size(); });
    world.again(true);
    world.on_shard([&] { EXPECT_EQ(world.stream().counts().messages, 3u) << subjects.size(); });
  }
}

TEST(Stream, MessagesExpireWhenTheyAreTooOld) {
  StreamWorld world(8);
  TopicConfig config = config_of({"s"});
  config.max_age = std::chrono::seconds(1);
  world.make("s", config);
  world.publish(message("s", "x"));
  world.world.world.run_for(std::chrono::seconds(3));
  world.on_shard([&] {
    EXPECT_EQ(world.stream().counts().messages, 0u);
    EXPECT_EQ(world.stream().counts().first, Sequence(2));
  });
}

// Random operations against a map, with restarts in between.
TEST(Stream, AgreesWithAMap) {
  for (const std::uint64_t seed : {11u, 12u, 13u, 14u}) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    StreamWorld world(seed);
    TopicConfig config = config_of({"k.>"});
    config.max_msgs_per_subject = seed % 2 == 0 ? 2 : -1;
    config.max_msgs = 40;
    world.make("m", config);
    std::map<std::uint64_t, std::string> model;
    std::uint64_t last = 0;
    for (int step = 0; step < 60; ++step) {
      world.on_shard([&] {
        for (std::uint64_t n = random() % 8; n > 0; --n) {
          const std::string subject = "k." + std::to_string(random() % 9);
          if (random() % 4 != 0) {
            world.stream().publish(message(subject, "v"), [](const PublishOutcome& o) { EXPECT_EQ(o.refusal, Refusal::kNone); });
            model[++last] = subject;
            if (config.max_msgs_per_subject > 0 &&
                std::count_if(model.begin(), model.end(), [&](auto& m) { return m.second == subject; }) > config.max_msgs_per_subject)
              model.erase(std::find_if(model.begin(), model.end(), [&](auto& m) { return m.second == subject; }));
            if (model.size() > 40) model.erase(model.begin());
          } else if (random() % 8 != 0) {
            const std::uint64_t victim = random() % (last + 1);
            EXPECT_EQ(world.stream().erase(Sequence(victim)), model.erase(victim) != 0);
          } else {
            world.stream().purge({.filter = subject, .below = std::nullopt, .keep = 0});
            std::erase_if(model, [&](auto& m) { return m.second == subject; });
          }
        }
      });
      if (step % 10 == 9) world.again(random() % 2 == 0);
      world.on_shard([&] {
        Stream& stream = world.stream();
        std::map<std::uint64_t, std::string> found;
        for (auto at = stream.next_sequence(Sequence(1), {}); at.has_value(); at = stream.next_sequence(*at + 1, {})) {
          const auto read = stream.get(*at);
          ASSERT_TRUE(read.ok() && read->has_value());
          found[at->value()] = (*read)->subject;
        }
        EXPECT_EQ(found, model);
        EXPECT_EQ(stream.counts().messages, model.size());
        EXPECT_EQ(stream.counts().last, Sequence(last));
        for (int k = 0; k < 9; ++k) {
          const std::string subject = "k." + std::to_string(k);
          const auto count = std::count_if(model.begin(), model.end(), [&](auto& m) { return m.second == subject; });
          EXPECT_EQ(stream.pending(Sequence(1), {subject}), static_cast<std::uint64_t>(count));
          const auto newest = std::find_if(model.rbegin(), model.rend(), [&](auto& m) { return m.second == subject; });
          EXPECT_EQ(stream.last_sequence(subject), newest == model.rend() ? std::nullopt : std::optional(Sequence(newest->first)));
        }
      });
    }
  }
}

TEST(Stream, ItsLogStartMovesAsFarAsAKafkaClientAsks) {
  StreamWorld world(61);
  TopicConfig config = config_of({"orders.>"});
  config.max_msgs = 4;
  world.make("orders", config);
  for (int i = 0; i < 7; ++i) world.publish(message("orders.eu", "x"));  // the first three are hidden by the limit, the log start is 0
  const auto move_to = [&](Offset target) {
    Result<void> moved;
    world.on_shard([&] { moved = move_log_start(world.world.shard(), world.stream().partition(), target); });
    return moved;
  };
  EXPECT_EQ(world.stream().partition().log_start(), Offset(0));
  ASSERT_TRUE(move_to(Offset(2)).ok());
  EXPECT_EQ(world.stream().partition().log_start(), Offset(2)) << "below the first message";
  EXPECT_EQ(world.stream().counts().messages, 4u);
  ASSERT_TRUE(move_to(Offset(5)).ok());
  EXPECT_EQ(world.stream().partition().log_start(), Offset(5));
  EXPECT_EQ(world.stream().counts().messages, 2u);
  EXPECT_FALSE(world.stream().has(Sequence(5)));
  world.again(true);
  EXPECT_EQ(world.stream().partition().log_start(), Offset(5));
  EXPECT_EQ(world.stream().counts().messages, 2u);

  StreamWorld guarded(62);
  config.deny_purge = true;
  guarded.make("orders", config);
  guarded.publish(message("orders.eu", "x"));
  guarded.on_shard(
      [&] { EXPECT_EQ(move_log_start(guarded.world.shard(), guarded.stream().partition(), Offset(1)).error().code, Errc::kDenied); });
  EXPECT_EQ(guarded.stream().counts().messages, 1u);
}

}  // namespace
}  // namespace firth::broker
