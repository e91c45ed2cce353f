#include "jetstream/consumer_pull.h"

#include <gtest/gtest.h>

#include "jetstream/consumer_json.h"

namespace firth::jetstream {
namespace {

using namespace std::chrono_literals;

TEST(PullRequest, OddBodies) {
  struct Row {
    std::string_view body;
    std::int64_t batch;  // 0: refused
  };
  for (const auto& [body, batch] :
       {Row{"", 1}, Row{" \r\n", 1}, Row{"7", 7}, Row{"0", 1}, Row{"-1", 1}, Row{"7x", 0}, Row{"{}", 1}, Row{R"({"batch":0})", 1},
        Row{R"({"batch":"x"})", 0}, Row{R"({"batch":-1})", 0}, Row{"{", 0}, Row{R"({"no_wait":1})", 0}, Row{R"({"group":"a"})", 0},
        Row{R"({"idle_heartbeat":5})", 0}, Row{R"({"expires":10,"idle_heartbeat":6})", 0}, Row{R"({"expires":10,"idle_heartbeat":5})", 1},
        Row{"99999999999999999999", 0}}) {
    const auto request = parse_pull_request(body);
    EXPECT_EQ(request.ok(), batch != 0) << body;
    if (request.ok()) EXPECT_EQ(request->batch, batch) << body;
  }
}

TEST(NakDelay, DurationsAndJson) {
  EXPECT_EQ(parse_nak_delay(""), 0ns);
  EXPECT_EQ(parse_nak_delay(" 1m2.5s"), 62500ms);
  EXPECT_EQ(parse_nak_delay("100ms"), 100ms);
  EXPECT_EQ(parse_nak_delay(R"( {"delay": 2000000000})"), 2s);
  for (const std::string_view odd : {"x", "1", "-1s", "{", R"({"delay":"1"})", R"({"delay":-5})", "1e9999h"})
    EXPECT_EQ(parse_nak_delay(odd), 0ns) << odd;
}

TEST(GoDuration, AsGoWritesIt) {
  EXPECT_EQ(go_duration(0ns), "0s");
  EXPECT_EQ(go_duration(1s), "1s");
  EXPECT_EQ(go_duration(62300ms), "1m2.3s");
  EXPECT_EQ(go_duration(1500us), "1.5ms");
  EXPECT_EQ(go_duration(1h), "1h0m0s");
}

TEST(ConsumerJson, TimesBothWays) {
  for (const auto& [text, ns] : {std::pair<std::string_view, std::int64_t>{"2023-11-14T22:13:20Z", 1'700'000'000'000'000'000},
                                 {"2023-11-14T23:13:20.000000001+01:00", 1'700'000'000'000'000'001},
                                 {"0001-01-01T00:00:00Z", 0}}) {
    const auto parsed = parse_consumer_request(std::string(R"({"config":{"opt_start_time":")") + std::string(text) + "\"}}");
    ASSERT_TRUE(std::holds_alternative<ConsumerRequest>(parsed)) << text;
    EXPECT_EQ(std::get<ConsumerRequest>(parsed).config.start_time_ns, ns);
  }
  EXPECT_EQ(format_time(1'700'000'000'100'000'000), "2023-11-14T22:13:20.1Z");
  for (const std::string_view odd : {"2023", "2023-13-01T00:00:00Z", "2023-11-14T22:13:20", "2023-11-14T22:13:20+1"})
    EXPECT_TRUE(std::holds_alternative<ConsumerError>(
        parse_consumer_request(std::string(R"({"config":{"opt_start_time":")") + std::string(odd) + "\"}}")))
        << odd;
}

}  // namespace
}  // namespace firth::jetstream
