#include "broker/producer_state.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "broker/on_shard.h"
#include "log/batch_builder.h"
#include "tests/broker/broker_world.h"

namespace firth::broker {
namespace {

using namespace test;
using Kind = ProducerVerdict::Kind;

struct Sent {
  std::int64_t producer = 7;
  std::int16_t epoch = 0;
  std::int32_t sequence = 0;
  int count = 1;
};

SharedBytes batch_of(const Sent& sent, Offset base = Offset(0)) {
  std::vector<std::byte> bytes;
  log::BatchBuilder builder(bytes, {.base_offset = base,
                                    .leader_epoch = LeaderEpoch(0),
                                    .base_timestamp_ms = 1000,
                                    .attributes = 0,
                                    .producer_id = ProducerId(sent.producer),
                                    .producer_epoch = sent.epoch,
                                    .base_sequence = sent.sequence});
  for (int i = 0; i < sent.count; ++i) builder.append({.timestamp_ms = 1000, .key = {}, .value = as_bytes("v"), .headers = {}});
  return SharedBytes::copy(builder.finish());
}

class ProducerStateTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(world.open()) << world.error;
    ASSERT_TRUE(world.run(world.broker->create_topic(world.shard(), {.name = "t"}))->ok());
    find();
  }
  void find() {
    world.world.run_until_idle();
    partition = world.shard().local_partition(*world.shard().catalog().find(kDefaultAccount, "t"), PartitionIndex(0));
    ASSERT_NE(partition, nullptr);
    if (!*ProducerState::of(*partition)) ASSERT_TRUE(world.run(released(*partition))->ok());
    state = *ProducerState::of(*partition);
    ASSERT_NE(state, nullptr);
  }
  // Appends it if that is the verdict; not released before the world runs.
  Kind send(const Sent& sent) {
    const SharedBytes bytes = batch_of(sent);
    const log::BatchView batch(bytes.view());
    verdict = state->judge(*partition, batch);
    if (verdict.kind == Kind::kAppend) {
      EXPECT_TRUE(partition->append(bytes).ok());
      state->accepted(batch);
    }
    return verdict.kind;
  }
  void release() { ASSERT_TRUE(world.run(released(*partition))->ok()); }

  BrokerWorld world{21};
  log::Partition* partition = nullptr;
  ProducerState* state = nullptr;
  ProducerVerdict verdict;
};

TEST_F(ProducerStateTest, JudgesByWhatWasAcceptedAndNotReleasedYet) {
  EXPECT_EQ(send({.sequence = 0, .count = 3}), Kind::kAppend);
  EXPECT_EQ(send({.sequence = 3, .count = 2}), Kind::kAppend);
  EXPECT_EQ(send({.sequence = 3, .count = 2}), Kind::kDuplicate);
  EXPECT_EQ(verdict.original.base, Offset(3));
  EXPECT_EQ(send({.sequence = 6}), Kind::kOutOfOrder);
  release();
  EXPECT_EQ(send({.sequence = 0, .count = 3}), Kind::kDuplicate);
  EXPECT_EQ(verdict.original.base, Offset(0));
  EXPECT_EQ(send({.sequence = 5}), Kind::kAppend);
}

TEST_F(ProducerStateTest, RemembersFiveBatches) {
  for (int i = 0; i < 6; ++i) EXPECT_EQ(send({.sequence = i}), Kind::kAppend);
  release();
  EXPECT_EQ(send({.sequence = 1}), Kind::kDuplicate);
  EXPECT_EQ(send({.sequence = 0}), Kind::kOutOfOrder);
}

TEST_F(ProducerStateTest, EpochsOnlyGrowAndBeginAtZero) {
  EXPECT_EQ(send({.epoch = 3, .sequence = 40}), Kind::kAppend) << "nothing known: any sequence (KIP-360)";
  EXPECT_EQ(send({.epoch = 2, .sequence = 41}), Kind::kOldEpoch);
  EXPECT_EQ(send({.epoch = 4, .sequence = 41}), Kind::kOutOfOrder);
  EXPECT_EQ(send({.epoch = 4, .sequence = 0}), Kind::kAppend);
  EXPECT_EQ(send({.epoch = 4, .sequence = 1}), Kind::kAppend);
  EXPECT_EQ(send({.producer = 8, .epoch = 0, .sequence = 0}), Kind::kAppend) << "another producer";
}

TEST_F(ProducerStateTest, SequencesWrap) {
  EXPECT_EQ(send({.sequence = INT32_MAX - 1, .count = 3}), Kind::kAppend);
  EXPECT_EQ(send({.sequence = 1}), Kind::kAppend);
}

TEST_F(ProducerStateTest, SurvivesKillAndPowerLoss) {
  for (const bool power_loss : {false, true}) {
    const std::int64_t producer = power_loss ? 2 : 1;
    EXPECT_EQ(send({.producer = producer, .sequence = 0, .count = 4}), Kind::kAppend);
    release();
    power_loss ? world.lose_power() : world.kill();
    ASSERT_TRUE(world.open()) << world.error;
    find();
    EXPECT_EQ(send({.producer = producer, .sequence = 0, .count = 4}), Kind::kDuplicate);
    EXPECT_EQ(send({.producer = producer, .sequence = 4}), Kind::kAppend);
    release();
  }
}

TEST(ProducerStateCodec, RoundTripAndDamage) {
  ProducerState state;
  for (int i = 0; i < 8; ++i) {
    const SharedBytes bytes = batch_of({.producer = i % 2, .sequence = i / 2}, Offset(i));
    state.on_batch(log::BatchView(bytes.view()), bytes);
  }
  const SharedBytes encoded = state.encode();
  ProducerState again;
  ASSERT_TRUE(again.restore(encoded.view()).ok());
  EXPECT_EQ(again.size(), 2u);
  const SharedBytes encoded_again = again.encode();
  EXPECT_TRUE(std::ranges::equal(encoded_again.view(), encoded.view()));
  for (std::size_t length = 0; length < encoded.size(); ++length) {
    ProducerState cut;
    EXPECT_FALSE(cut.restore(encoded.view().first(length)).ok()) << length;
  }
}

}  // namespace
}  // namespace firth::broker
