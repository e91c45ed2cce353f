#include "jetstream/consumer_rules.h"

#include <gtest/gtest.h>

#include "jetstream/consumer_json.h"

namespace firth::jetstream {
namespace {

using namespace std::chrono_literals;

// The number of what a request of consumer "c" of stream "s" with these members in its config is told; 0 is nothing.
std::string told(std::string_view members, broker::Retention retention = broker::Retention::kLimits) {
  auto parsed = parse_consumer_request(std::string(R"({"stream_name":"s","config":{"durable_name":"c")") + std::string(members) + "}}");
  if (!parsed.has_value()) return error_json(parsed.error());
  const ConsumerAddress address{.form = ConsumerAddress::Form::kNamed, .stream = "s", .name = "c"};
  ApiCheck error = check_address(address, *parsed);
  fill_consumer_defaults(parsed->config);
  broker::TopicConfig stream = broker::stream_defaults();
  stream.subjects = {"s.*"};
  stream.retention = retention;
  if (!error) error = check_consumer(*parsed, stream);
  return error ? error_json(*error) : "";
}

TEST(ConsumerRules, TheFirstThatIsBrokenTells) {
  struct Row {
    std::string_view members;
    std::string_view text;  // a part of what is told; "": all is well
  };
  // The answers of nats-server 2.15.2: tests/wire/nats/js_consumer_config.wire.
  for (const auto& [members, text] :
       {Row{"", ""},
        Row{R"(,"nope":1)", "unknown field"},
        Row{R"(,"ack_policy":"other")", "10025"},
        Row{R"(,"opt_start_time":"yesterday")", "10025"},
        Row{R"(,"num_replicas":3)", "10074"},
        Row{R"(,"num_replicas":-1)", "10133"},
        Row{R"(,"ack_wait":-1)", "10183"},
        Row{R"(,"backoff":[-1])", "10184"},
        Row{R"(,"backoff":[1,2],"max_deliver":1)", "10116"},
        Row{R"(,"backoff":[1,2],"max_deliver":2)", ""},
        Row{R"(,"backoff":[1,2])", ""},
        Row{R"(,"deliver_subject":"d.*")", "10079"},
        Row{R"(,"deliver_subject":"d..e")", "10112"},
        Row{R"(,"deliver_subject":"s.x")", "10081"},
        Row{R"(,"deliver_subject":"d","max_waiting":1)", "10080"},
        Row{R"(,"deliver_subject":"d","max_ack_pending":1)", "10082"},
        Row{R"(,"deliver_subject":"d","idle_heartbeat":1)", "10083"},
        Row{R"(,"deliver_subject":"d","flow_control":true)", "10108"},
        Row{R"(,"deliver_subject":"d","flow_control":true,"idle_heartbeat":100000000)", ""},
        Row{R"(,"rate_limit_bps":1)", "10086"},
        Row{R"(,"idle_heartbeat":1)", "10088"},
        Row{R"(,"flow_control":true)", "10089"},
        Row{R"(,"max_expires":999999)", "10115"},
        Row{R"(,"filter_subject":"s.a","filter_subjects":["s.b"])", "10136"},
        Row{R"(,"filter_subjects":["s.b"],"filter_subject":"s.a")", "10136"},
        Row{R"(,"filter_subject":"s.a","filter_subjects":[])", ""},
        Row{R"(,"filter_subject":"a..b")", "invalid subject"},
        Row{R"(,"filter_subjects":["s.a",""])", "10139"},
        Row{R"(,"filter_subjects":["s.a","s.*"])", "10138"},
        Row{R"(,"opt_start_seq":1)", "deliver all, but optional start sequence is also set"},
        Row{R"(,"deliver_policy":"last_per_subject")", "optional filter subject is not set"},
        Row{R"(,"deliver_policy":"by_start_sequence")", "optional start sequence is not set"},
        Row{R"(,"deliver_policy":"by_start_time","opt_start_time":"2026-01-01T00:00:00Z","opt_start_seq":1)", "start start sequence"},
        Row{R"(,"sample_freq":"50%")", ""},
        Row{R"(,"sample_freq":"x")", "10095"},
        Row{R"(,"priority_groups":["a"])", "not supported"},
        Row{R"(,"priority_groups":[],"priority_policy":"none","pause_until":null)", ""},
        Row{R"(,"pause_until":"0001-01-01T00:00:00Z")", ""},
        Row{R"(,"pause_until":"2100-01-01T00:00:00Z")", "not supported"}}) {
    const std::string answer = told(members);
    EXPECT_TRUE(text.empty() ? answer.empty() : answer.find(text) != std::string::npos) << members << " -> " << answer;
  }
  EXPECT_NE(told("", broker::Retention::kWorkQueue).find("10084"), std::string::npos);
  EXPECT_EQ(told(R"(,"ack_policy":"explicit")", broker::Retention::kWorkQueue), "");
}

TEST(ConsumerRules, HowARequestNamesItsConsumer) {
  using Form = ConsumerAddress::Form;
  struct Row {
    std::string_view config;
    ConsumerAddress address;
    int number;             // 0: taken
    std::string_view name;  // then
  };
  const Row rows[] = {
      {R"("durable_name":"c")", {.form = Form::kNamed, .stream = "s", .name = "c"}, 0, "c"},
      {R"("name":"d")", {.form = Form::kNamed, .stream = "s", .name = "c"}, 0, "c"},  // the subject decides
      {R"("durable_name":"d")", {.form = Form::kNamed, .stream = "s", .name = "c"}, 10017, ""},
      {R"("durable_name":"c")", {.form = Form::kNamed, .stream = "t", .name = "c"}, 10056, ""},
      {R"("durable_name":"c")", {.form = Form::kEphemeral, .stream = "s"}, 10020, ""},
      {R"("name":"c")", {.form = Form::kEphemeral, .stream = "s"}, 0, "c"},
      {"", {.form = Form::kEphemeral, .stream = "s"}, 0, ""},
      {"", {.form = Form::kDurable, .stream = "s", .name = "c"}, 10018, ""},
      {R"("durable_name":"d")", {.form = Form::kDurable, .stream = "s", .name = "c"}, 10017, ""},
      {"", {.form = Form::kNamed, .stream = "s", .name = "a/b"}, 10127, ""},
      {R"("filter_subject":"s.b")", {.form = Form::kNamed, .stream = "s", .name = "c", .filter = "s.a"}, 10131, ""},
      {"", {.form = Form::kNamed, .stream = "s", .name = "c", .filter = "s.a"}, 10131, ""},
      {R"("filter_subjects":["s.a"])", {.form = Form::kNamed, .stream = "s", .name = "c", .filter = "s.a"}, 10137, ""},
      {R"("filter_subject":"s.a")", {.form = Form::kNamed, .stream = "s", .name = "c", .filter = "s.a"}, 0, "c"},
  };
  for (const Row& row : rows) {
    auto request = parse_consumer_request(R"({"stream_name":"s","config":{)" + std::string(row.config) + "}}");
    ASSERT_TRUE(request.has_value()) << row.config;
    const ApiCheck error = check_address(row.address, *request);
    EXPECT_EQ(error.has_value(), row.number != 0) << row.config;
    if (error) EXPECT_NE(error_json(*error).find(std::to_string(row.number)), std::string::npos) << row.config << error_json(*error);
    else EXPECT_EQ(request->config.name, row.name);
  }
}

TEST(ConsumerRules, DefaultsWhateverTheSign) {
  broker::ConsumerConfig config{.ack_policy = broker::AckTracker::Policy::kExplicit, .max_deliver = -5, .backoff = {1s, 2s}};
  config.max_waiting = config.max_batch = config.max_bytes = -1;
  config.max_expires = config.idle_heartbeat = config.inactive_threshold = -1ns;
  fill_consumer_defaults(config);
  EXPECT_EQ(config.max_deliver, -1);
  EXPECT_EQ(config.ack_wait, 1s);
  EXPECT_EQ(config.max_waiting, 512);
  EXPECT_EQ(config.max_ack_pending, 1000);
  EXPECT_EQ(config.max_batch + config.max_bytes, 0);
  EXPECT_EQ(config.max_expires + config.idle_heartbeat, 0s);
  EXPECT_EQ(config.inactive_threshold, 5s) << "it has no durable name";
}

}  // namespace
}  // namespace firth::jetstream
