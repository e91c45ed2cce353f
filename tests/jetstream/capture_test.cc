// What publishers and those who get messages directly are answered by the stream itself.
#include "jetstream/capture.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "tests/jetstream/api_world.h"

namespace firth::jetstream {
namespace {

using namespace std::chrono_literals;
using test::ApiWorld;
using test::holds;

void make(ApiWorld& world, std::string_view members) {
  const std::string answer = world.ask("$JS.API.STREAM.CREATE.s", fmt::format(R"({{"name":"s",{}}})", members));
  ASSERT_TRUE(holds(answer, "\"config\"")) << answer;
}

// The real server's answer when its queue of messages to store is full: clients know that they may try again.
TEST(Capture, WhileTheDiskIsBehindThereAreTooManyRequests) {
  ApiWorld world(1);
  make(world, R"("subjects":["s"])");
  world.stall_the_disk(20s);
  const std::string large(1 << 20, 'x');
  std::vector<test::Question> published(100, {.shard = 0, .subject = "s", .body = large});
  std::uint64_t stored = 0, refused = 0;
  for (const std::string& answer : world.ask_at_once(published, 1ms)) {
    if (answer == fmt::format(R"({{"stream":"s","seq":{}}})", stored + 1)) {
      ++stored;
      continue;
    }
    EXPECT_EQ(answer,
              "NATS/1.0 429 Too Many Requests\r\n\r\n"
              R"({"error":{"code":429,"err_code":10167,"description":"too many requests"},"stream":"s","seq":0})");
    ++refused;
  }
  EXPECT_GT(refused, 0u);
  EXPECT_GT(stored, 0u);
  EXPECT_EQ(world.ask("s", "later"), fmt::format(R"({{"stream":"s","seq":{}}})", stored + 1));
}

}  // namespace
}  // namespace firth::jetstream
