#include "broker/consumer_state.h"

#include <gtest/gtest.h>

#include <random>

#include "broker/piece_kinds.h"
#include "tests/broker/broker_world.h"
#include "tests/sim/seeds.h"

namespace firth::broker {
namespace {

using namespace test;
using Kind = AckChange::Kind;

ConsumerStart odd_start() {
  ConsumerStart start{.created_ns = 5, .behind = Sequence(2), .last_at_start = Sequence(9)};
  start.config.name = start.config.durable_name = "c";
  start.config.deliver_policy = DeliverPolicy::kLastPerSubject;
  start.config.ack_policy = AckTracker::Policy::kExplicit;
  start.config.ack_wait = 30s;
  start.config.max_deliver = -1;
  start.config.backoff = {1s, 2s};
  start.config.filters = {"a.*", "b.>"};
  start.config.several_filters = true;
  start.config.headers_only = true;
  start.config.metadata = {{"k", "v"}, {"", ""}};
  return start;
}

TEST(ConsumerState, SurvivesEncodingAndActs) {
  ConsumerState state;
  state.apply(ConsumerState::start_act(odd_start()));
  log::ByteWriter changes = ConsumerState::changes_act();
  encode(AckChange{.kind = Kind::kDeliver, .message = Sequence(3), .deadline_ns = 100}, changes);
  encode(AckChange{.kind = Kind::kDeliver, .message = Sequence(7), .deadline_ns = 200}, changes);
  encode(AckChange{.kind = Kind::kAcknowledge, .message = Sequence(3)}, changes);
  state.apply(changes.view());
  state.apply(ConsumerState::reserve_act({.used = 9, .end = 50'000}));
  ConsumerState again;
  ASSERT_TRUE(again.restore(state.encode().view()).ok());
  EXPECT_EQ(again.config(), odd_start().config);
  EXPECT_EQ(again.start().last_at_start, Sequence(9));
  EXPECT_EQ(again.tracker(), state.tracker());
  EXPECT_EQ(again.tracker().delivered(), (AckPosition{9, Sequence(7)}));
  EXPECT_EQ(again.start().reserved, 50'000u);
  EXPECT_EQ(again.tracker().floor(), (AckPosition{1, Sequence(6)}));
  const SharedBytes bytes = state.encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(ConsumerState().restore(bytes.view().first(size)).ok());
}

TEST(ConsumerState, AcknowledgedAcknowledgementsSurviveKillAndPowerLoss) {
  const auto key = piece_key(PieceKind::kConsumer, "c");
  for (const std::uint64_t seed : firth::test::seeds(6)) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    BrokerWorld world(seed);
    ASSERT_TRUE(world.open()) << world.error;
    const auto made = world.run(world.broker->create_topic(world.shard(), {.name = "s", .config = stream_defaults()}));
    const TopicPointer topic = **made;
    const auto partition = [&] { return world.shard().local_partition(*topic, PartitionIndex(0)); };
    ConsumerStart start = odd_start();
    start.behind = Sequence(0);
    ASSERT_TRUE(partition()->act_on_piece({.piece = key, .act = ConsumerState::start_act(start)}).ok());
    ASSERT_TRUE(world.run(released(*partition()))->ok());

    std::uint64_t promised = 0;  // acknowledged in order, and told so
    for (int round = 0; round < 5; ++round) {
      AckTracker decided = static_cast<ConsumerState*>(partition()->piece(key))->tracker();
      const std::uint64_t steps = 1 + random() % 20;
      for (std::uint64_t i = 0; i < steps; ++i) {
        log::ByteWriter changes = ConsumerState::changes_act();
        const Sequence next(decided.delivered().stream.value() + 1);
        const Sequence oldest(decided.floor().stream.value() + 1);
        for (const AckChange change : {AckChange{.kind = Kind::kDeliver, .message = next, .deadline_ns = 1},
                                       AckChange{.kind = Kind::kAcknowledge, .message = oldest}}) {
          apply(change, decided);
          encode(change, changes);
        }
        ASSERT_TRUE(partition()->act_on_piece({.piece = key, .act = changes.view()}).ok());
        if (random() % 3 == 0) continue;
        const auto done = world.run(released(*partition()));
        ASSERT_TRUE(done.has_value() && done->ok());
        promised = decided.floor().stream.value();
      }
      random() % 2 == 0 ? world.lose_power() : world.kill();
      ASSERT_TRUE(world.open()) << world.error;
      const auto* state = static_cast<ConsumerState*>(partition()->piece(key));
      ASSERT_NE(state, nullptr);
      EXPECT_GE(state->tracker().floor().stream.value(), promised);
      EXPECT_LE(state->tracker().floor().stream, decided.floor().stream);
      EXPECT_EQ(state->config(), start.config);
    }
  }
}

}  // namespace
}  // namespace firth::broker
