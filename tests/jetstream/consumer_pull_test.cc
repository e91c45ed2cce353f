#include "jetstream/consumer_pull.h"

#include <gtest/gtest.h>

namespace firth::jetstream {
namespace {

using namespace std::chrono_literals;

TEST(PullRequest, OddBodies) {
  struct Row {
    std::string_view body;
    std::int64_t batch;  // 0: refused
  };
  for (const auto& [body, batch] : {Row{"", 1},
                                    Row{" \r\n", 1},
                                    Row{"7", 7},
                                    Row{"0", 1},
                                    Row{"-1", 1},
                                    Row{"7x", 1},
                                    Row{"99999999999999999999", 1},
                                    Row{"x", 1},
                                    Row{"{}", 1},
                                    Row{"{", 0},
                                    Row{R"({"batch":0})", 1},
                                    Row{R"({"batch":-1})", 1},
                                    Row{R"({"batch":null})", 1},
                                    Row{R"({"batch":"x"})", 0},
                                    Row{R"({"no_wait":1})", 0},
                                    Row{R"({"nobody_knows":1})", 1},
                                    Row{R"({"group":"a"})", 1},
                                    Row{R"({"min_pending":0})", 1},
                                    Row{R"({"min_pending":1})", 0},
                                    Row{R"({"min_ack_pending":1})", 0},
                                    Row{R"({"id":""})", 1},
                                    Row{R"({"id":"a"})", 0},
                                    Row{R"({"priority":9})", 1},
                                    Row{R"({"priority":10})", 0},
                                    Row{R"({"priority":-1})", 0},
                                    Row{R"({"idle_heartbeat":5})", 0},
                                    Row{R"({"expires":10,"idle_heartbeat":6})", 0},
                                    Row{R"({"expires":10,"idle_heartbeat":5})", 1},
                                    Row{R"({"expires":-10,"idle_heartbeat":-5})", 1},
                                    Row{R"({"expires":9223372036854775807,"idle_heartbeat":9223372036854775807})", 0}}) {
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

}  // namespace
}  // namespace firth::jetstream
