// What the scripts tests/wire/nats/js_direct_get*.wire cannot show: batches over several turns, limits, receivers that lag.
#include "jetstream/direct_get.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/jetstream/api_world.h"

namespace firth::jetstream {
namespace {

using test::ApiWorld;
using test::holds;
using test::Question;

constexpr std::string_view kGet = "$JS.API.DIRECT.GET.s";

class DirectGet : public testing::TestWithParam<std::size_t> {
 public:
  DirectGet() : world(GetParam()) {
    const std::string made = world.ask("$JS.API.STREAM.CREATE.s", R"({"name":"s","subjects":["s.*"],"allow_direct":true})");
    EXPECT_TRUE(holds(made, "\"config\"")) << made;
  }
  // One message to each of so many subjects.
  void publish(std::size_t count) {
    std::vector<Question> messages;
    for (std::size_t i = 0; i < count; ++i) messages.push_back({.shard = 0, .subject = fmt::format("s.{}", i), .body = "x"});
    EXPECT_TRUE(holds(world.ask_at_once(messages).back(), "\"seq\""));
  }
  ApiWorld world;
};
INSTANTIATE_TEST_SUITE_P(Shards, DirectGet, testing::Values(1, 2));

// Where a backlog is known at once.
class DirectGetAtHome : public DirectGet {};
INSTANTIATE_TEST_SUITE_P(Shards, DirectGetAtHome, testing::Values(1));

void expect_batch(const std::vector<std::string>& answers, std::uint64_t first, std::uint64_t count, std::uint64_t pending) {
  ASSERT_EQ(answers.size(), count + 1);
  for (std::uint64_t i = 0; i < count; ++i) {
    EXPECT_TRUE(holds(answers[i], fmt::format("Nats-Sequence: {}\r\n", first + i))) << answers[i];
    EXPECT_TRUE(holds(answers[i], fmt::format("Nats-Num-Pending: {}\r\n", pending + count - 1 - i))) << answers[i];
  }
  EXPECT_EQ(answers.back(),
            fmt::format("NATS/1.0 204 EOB\r\nNats-Num-Pending: {}\r\nNats-Last-Sequence: {}\r\n\r\n", pending, first + count - 1));
}

TEST_P(DirectGet, BatchesTakeTurns) {
  constexpr std::uint64_t kMessages = DirectGets::kTurnMessages * 3;
  publish(kMessages);
  const auto answers = world.ask_all_at_once({{0, std::string(kGet), R"({"seq":1,"batch":700})"},
                                              {0, std::string(kGet), R"({"next_by_subj":"s.*","batch":600})"},
                                              {0, std::string(kGet), R"({"seq":2})"}});
  expect_batch(answers[0], 1, 700, kMessages - 700);
  expect_batch(answers[1], 1, 600, kMessages - 600);
  EXPECT_EQ(answers[2].size(), 1u);
}

// On another shard the backlog is known a turn later.
TEST_P(DirectGet, ABatchWaitsForAReceiverWithABacklog) {
  constexpr std::uint64_t kMessages = DirectGets::kTurnMessages * 3;
  publish(kMessages);
  world.set_pressure(broker::Pressure::kHigh);
  const auto answers = world.ask_all_at_once({{0, std::string(kGet), R"({"seq":1,"batch":1000})"}});
  EXPECT_GT(answers[0].size(), 0u);
  EXPECT_LT(answers[0].size(), kMessages);
  world.set_pressure(broker::Pressure::kNone);
  EXPECT_EQ(world.count_answers(), kMessages + 1);
}

TEST_P(DirectGetAtHome, WhoAsksForTooManyBatchesAtOnceIsTold) {
  constexpr std::uint64_t kMessages = DirectGets::kTurnMessages + 40;
  publish(kMessages);
  world.set_pressure(broker::Pressure::kHigh);  // so that none ends
  const std::vector<Question> asked(DirectGets::kMostBatches + 20, {0, std::string(kGet), R"({"seq":1,"batch":1000})"});
  std::size_t refused = 0;
  for (const auto& answers : world.ask_all_at_once(asked))
    refused += answers == std::vector<std::string>{"NATS/1.0 429 Too Many Requests\r\n\r\n"};
  EXPECT_EQ(refused, 20u);
  world.set_pressure(broker::Pressure::kNone);
  const std::size_t all = DirectGets::kMostBatches * (kMessages + 1) + refused;
  for (int waits = 0; waits < 100 && world.count_answers() < all; ++waits) continue;
  EXPECT_EQ(world.count_answers(), all);
}

TEST_P(DirectGet, ABatchEndsWithItsStream) {
  publish(DirectGets::kTurnMessages * 2);
  const auto answers = world.ask_all_at_once(
      {{0, std::string(kGet), R"({"seq":1,"batch":1000})"}, {0, "$JS.API.STREAM.DELETE.s", ""}, {0, "$JS.API.INFO", ""}});
  EXPECT_TRUE(holds(answers[1].front(), "\"success\":true"));
}

TEST_P(DirectGet, TheLastMessagesOfAThousandSubjectsAndNoMore) {
  publish(DirectGets::kMostSubjects);
  const std::vector<std::string> answers = world.ask_all(kGet, R"({"multi_last":["s.>"]})");
  ASSERT_EQ(answers.size(), DirectGets::kMostSubjects + 1);
  EXPECT_EQ(answers.back(), "NATS/1.0 204 EOB\r\nNats-Num-Pending: 0\r\nNats-Last-Sequence: 1024\r\nNats-UpTo-Sequence: 1024\r\n\r\n");
  EXPECT_TRUE(holds(world.ask("s.more", "x"), "\"seq\":1025"));
  EXPECT_EQ(world.ask(kGet, R"({"multi_last":["s.>"]})"), "NATS/1.0 413 Too Many Results\r\n\r\n");
  EXPECT_EQ(world.ask_all(kGet, R"({"multi_last":["s.>"],"up_to_seq":1024})").size(), DirectGets::kMostSubjects + 1);
}

TEST_P(DirectGet, BeforeATime) {
  EXPECT_TRUE(holds(world.ask("s.a", "old"), "\"seq\":1"));
  const std::string message = world.ask(kGet, R"({"seq":1})");
  const std::size_t at = message.find("Nats-Time-Stamp: ") + 17;
  const std::string time = message.substr(at, message.find("\r\n", at) - at);
  world.ask("s.a", "new");
  EXPECT_EQ(world.ask(kGet, fmt::format(R"({{"multi_last":["s.a"],"up_to_time":"{}"}})", time)), "NATS/1.0 404 No Results\r\n\r\n");
  const std::string second = world.ask(kGet, R"({"seq":2})");
  const std::size_t there = second.find("Nats-Time-Stamp: ") + 17;
  const auto answers = world.ask_all(
      kGet, fmt::format(R"({{"multi_last":["s.a"],"up_to_time":"{}"}})", second.substr(there, second.find("\r\n", there) - there)));
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_TRUE(answers[0].ends_with("\r\n\r\nold")) << answers[0];
}

TEST_P(DirectGet, SequencesThatNoMessageHas) {
  publish(1);
  for (const char* sequence : {"9223372036854775807", "9223372036854775808", "18446744073709551615"}) {
    for (const char* more : {"", R"(,"batch":2)", R"(,"next_by_subj":"s.*")"})
      EXPECT_EQ(world.ask(kGet, fmt::format(R"({{"seq":{}{}}})", sequence, more)), "NATS/1.0 404 Message Not Found\r\n\r\n")
          << sequence << more;
    EXPECT_EQ(world.ask(kGet, fmt::format(R"({{"multi_last":["s.*"],"up_to_seq":{}}})", sequence)), "NATS/1.0 404 No Results\r\n\r\n");
  }
}

}  // namespace
}  // namespace firth::jetstream
