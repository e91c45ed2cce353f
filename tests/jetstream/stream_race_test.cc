// Requests about streams that clients of several shards make at the same moment.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/jetstream/api_world.h"

namespace firth::jetstream {
namespace {

using test::ApiWorld;
using test::holds;
using test::Question;

Question create(std::uint32_t shard, std::string_view name, std::string_view subjects, std::string_view more = {}) {
  return {shard, fmt::format("$JS.API.STREAM.CREATE.{}", name), fmt::format(R"({{"name":"{}","subjects":[{}]{}}})", name, subjects, more)};
}
Question update(std::uint32_t shard, std::string_view name, std::string_view subjects) {
  Question asked = create(shard, name, subjects);
  asked.subject = fmt::format("$JS.API.STREAM.UPDATE.{}", name);
  return asked;
}

// One of the two wins, and the other is told why.
void expect_one_stored(const std::vector<std::string>& answers) {
  ASSERT_EQ(answers.size(), 2u);
  const bool first = holds(answers[0], "\"config\"");
  EXPECT_TRUE(holds(answers[first ? 0 : 1], "\"config\"")) << answers[first ? 0 : 1];
  EXPECT_TRUE(holds(answers[first ? 1 : 0], "10065")) << answers[first ? 1 : 0];
}

TEST(StreamRace, TwoStreamsOfOneSubject) {
  for (const std::uint32_t second : {0u, 1u}) {
    ApiWorld world(2);
    expect_one_stored(world.ask_at_once({create(0, "a", R"("x.*")"), create(second, "b", R"("x.y")")}));
    EXPECT_TRUE(holds(world.ask("x.y", "stored once"), "\"seq\":1"));
  }
}

TEST(StreamRace, AnUpdateAndANewStream) {
  for (const std::uint32_t second : {0u, 1u}) {
    ApiWorld world(2);
    EXPECT_TRUE(holds(world.ask(create(0, "a", R"("x")").subject, create(0, "a", R"("x")").body), "\"config\""));
    expect_one_stored(world.ask_at_once({update(0, "a", R"("x","y")"), create(second, "b", R"("y")")}));
    EXPECT_TRUE(holds(world.ask("y", "stored once"), "\"seq\":1"));
  }
}

TEST(StreamRace, TwoUpdates) {
  ApiWorld world(2);
  for (const char* name : {"a", "b"}) {
    const Question asked = create(0, name, fmt::format("\"{}\"", name));
    EXPECT_TRUE(holds(world.ask(asked.subject, asked.body), "\"config\""));
  }
  expect_one_stored(world.ask_at_once({update(0, "a", R"("a","y.>")"), update(1, "b", R"("b","y.z")")}));
}

// Several instances of one application make their streams when they start. As the real server, which does one after the other.
TEST(StreamRace, OneStreamTwiceIsOneStream) {
  for (const std::uint32_t second : {0u, 1u}) {
    ApiWorld world(2);
    for (const std::string& answer : world.ask_at_once({create(0, "a", R"("x")"), create(second, "a", R"("x")")}))
      EXPECT_TRUE(holds(answer, "\"did_create\":true")) << answer;
    const auto answers = world.ask_at_once({create(0, "b", R"("y")"), create(second, "b", R"("y")", R"(,"max_msgs":5)")});
    EXPECT_EQ(std::count_if(answers.begin(), answers.end(), [](const auto& answer) { return holds(answer, "10058"); }), 1);
  }
}

}  // namespace
}  // namespace firth::jetstream
