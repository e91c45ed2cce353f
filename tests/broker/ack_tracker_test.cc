#include "broker/ack_tracker.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace firth::broker {
namespace {

using Policy = AckTracker::Policy;

// What a consumer is, said the long way: each message that was delivered, its first delivery and how many, and whether it is done.
struct Model {
  struct Message {
    std::uint64_t consumer, deliveries;
    bool done;
  };
  std::map<std::uint64_t, Message> messages;
  std::uint64_t deliveries = 0, last = 0;

  AckPosition floor() const {
    for (const auto& [sequence, message] : messages)
      if (!message.done) return {message.consumer - 1, Sequence(sequence - 1)};
    return {deliveries, Sequence(last)};
  }
  std::size_t count(bool (*wanted)(const Message&)) const {
    std::size_t n = 0;
    for (const auto& [sequence, message] : messages) n += wanted(message);
    return n;
  }
};

void expect_equal(const AckTracker& tracker, const Model& model) {
  ASSERT_EQ(tracker.floor(), model.floor());
  ASSERT_EQ(tracker.delivered(), (AckPosition{model.deliveries, Sequence(model.last)}));
  ASSERT_EQ(tracker.pending_count(), model.count([](const Model::Message& m) { return !m.done; }));
  ASSERT_EQ(tracker.redelivered_count(), model.count([](const Model::Message& m) { return !m.done && m.deliveries > 1; }));
  log::ByteWriter bytes;
  tracker.encode(bytes);
  log::ByteReader reader(bytes.view());
  const Result<AckTracker> again = AckTracker::decode(reader);
  ASSERT_TRUE(again.ok() && reader.done());
  ASSERT_EQ(*again, tracker);
}

class AckTrackerOfPolicy : public testing::TestWithParam<Policy> {};
INSTANTIATE_TEST_SUITE_P(Policies, AckTrackerOfPolicy, testing::Values(Policy::kNone, Policy::kAll, Policy::kExplicit));

TEST_P(AckTrackerOfPolicy, CountsAndFloorsAreThoseOfTheModelInEveryOrder) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    AckTracker tracker(GetParam());
    Model model;
    for (int step = 0; step < 400; ++step) {
      const std::uint64_t some = model.last == 0 ? 1 : 1 + random() % model.last;
      const auto known = model.messages.find(some);
      const bool pending = known != model.messages.end() && !known->second.done;
      switch (random() % 6) {
        case 0:
        case 1: {  // the next message; a filter leaves gaps
          model.last += 1 + random() % 3;
          model.messages[model.last] = {++model.deliveries, 1, GetParam() == Policy::kNone};
          EXPECT_EQ(tracker.deliver(Sequence(model.last), step), 1u);
          break;
        }
        case 2:
          if (!pending) break;
          ++model.deliveries;
          EXPECT_EQ(tracker.deliver(Sequence(some), step + 1000), ++known->second.deliveries);
          break;
        case 3: {
          bool changed = false;
          for (auto& [sequence, message] : model.messages)
            if (!message.done && (GetParam() == Policy::kAll ? sequence <= some : sequence == some)) changed = message.done = true;
          EXPECT_EQ(tracker.acknowledge(Sequence(some)), changed);
          break;
        }
        case 4:
          EXPECT_EQ(tracker.let_go(Sequence(some)), pending);
          if (pending) known->second.done = true;
          break;
        default:
          EXPECT_EQ(tracker.set_deadline(Sequence(some), static_cast<std::int64_t>(random() % 100)), pending);
      }
      expect_equal(tracker, model);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(AckTracker, TheEarliestDeadlineComesFirst) {
  AckTracker tracker;
  tracker.deliver(Sequence(1), 300);
  tracker.deliver(Sequence(2), 100);
  tracker.deliver(Sequence(3), 200);
  EXPECT_EQ(tracker.next_deadline(), std::pair(std::int64_t{100}, Sequence(2)));
  tracker.set_deadline(Sequence(2), 400);
  EXPECT_EQ(tracker.next_deadline(), std::pair(std::int64_t{200}, Sequence(3)));
  tracker.acknowledge(Sequence(3));
  EXPECT_EQ(tracker.next_deadline(), std::pair(std::int64_t{300}, Sequence(1)));
}

TEST(AckTracker, SkippingMovesTheFloorOnlyWhereNothingIsPending) {
  AckTracker tracker(Policy::kExplicit, Sequence(10));
  EXPECT_EQ(tracker.floor(), (AckPosition{0, Sequence(10)}));
  tracker.skip_to(Sequence(20));
  EXPECT_EQ(tracker.floor(), (AckPosition{0, Sequence(20)}));
  tracker.deliver(Sequence(21), 1);
  tracker.skip_to(Sequence(30));
  EXPECT_EQ(tracker.floor(), (AckPosition{0, Sequence(20)}));
  EXPECT_EQ(tracker.delivered(), (AckPosition{1, Sequence(30)}));
}

TEST(AckTracker, NumbersGoOnBehindWhatMayHaveBeenDelivered) {
  AckTracker tracker(Policy::kExplicit, Sequence(10));
  tracker.number_behind(100);
  EXPECT_EQ(tracker.floor(), (AckPosition{100, Sequence(10)})) << "nothing is pending";
  tracker.deliver(Sequence(11), 1);
  EXPECT_EQ(tracker.find(Sequence(11))->consumer, 101u);
  tracker.number_behind(50);
  EXPECT_EQ(tracker.delivered(), (AckPosition{101, Sequence(11)})) << "never back";
  tracker.number_behind(200);
  EXPECT_EQ(tracker.floor(), (AckPosition{100, Sequence(10)})) << "what is pending holds it";
  tracker.acknowledge(Sequence(11));
  EXPECT_EQ(tracker.floor(), (AckPosition{200, Sequence(11)}));
}

TEST(AckTracker, EveryTruncationAndFlippedBitIsRefusedOrAnotherValidState) {
  AckTracker tracker;
  for (std::uint64_t i = 1; i < 20; ++i) tracker.deliver(Sequence(i * 3), static_cast<std::int64_t>(i) * 1'000'000'000);
  tracker.deliver(Sequence(6), 7);
  tracker.acknowledge(Sequence(3));
  log::ByteWriter writer;
  tracker.encode(writer);
  const std::vector<std::byte> bytes = writer.take();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    log::ByteReader reader(ByteView(bytes).first(size));
    EXPECT_FALSE(AckTracker::decode(reader).ok());
  }
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::vector<std::byte> damaged = bytes;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    log::ByteReader reader{ByteView(damaged)};
    const Result<AckTracker> decoded = AckTracker::decode(reader);
    if (decoded.ok()) EXPECT_LE(decoded->floor().stream, decoded->delivered().stream);
  }
}

}  // namespace
}  // namespace firth::broker
