#include "jetstream/stream_rules.h"

#include <gtest/gtest.h>

#include "jetstream/stream_json.h"

namespace firth::jetstream {
namespace {

using namespace std::chrono_literals;
using enum ApiErrorName;

// What a create request of stream "t" with these members is told; "" is nothing.
std::string told(std::string_view members) {
  auto parsed = parse_stream_request(std::string(R"({"name":"t")") + std::string(members) + "}", broker::stream_defaults());
  if (!parsed.has_value()) return error_json(parsed.error());
  ApiCheck error = check_new_stream(parsed->config);
  if (!error) error = complete_stream("t", parsed->config);
  return error ? error_json(*error) : "";
}

TEST(StreamRules, TheFirstThatIsBrokenTells) {
  struct Row {
    std::string_view members;
    std::string_view text;  // a part of what is told; "": all is well
  };
  // Each row but the first is an answer of nats-server 2.15.2 too: tests/wire/nats/js_stream_config.wire.
  for (const auto& [members, text] : {Row{"", ""},
                                      Row{R"(,"max_msgs":"x")", "10025"},
                                      Row{R"(,"retention":"other")", "10025"},
                                      Row{R"(,"nope":1)", "unknown field"},
                                      Row{R"(,"max_age":-1)", "max age can not be negative"},
                                      Row{R"(,"max_age":99999999)", "max age needs to be >= 100ms"},
                                      Row{R"(,"max_age":100000000)", ""},
                                      Row{R"(,"duplicate_window":-1)", "duplicates window can not be negative"},
                                      Row{R"(,"max_age":200000000,"duplicate_window":300000000)", "larger then max age"},
                                      Row{R"(,"deny_purge":true,"allow_rollup_hdrs":true)", "roll-ups require the purge permission"},
                                      Row{R"(,"discard_new_per_subject":true)", "requires discard new policy"},
                                      Row{R"(,"num_replicas":-1)", "10133"},
                                      Row{R"(,"num_replicas":3)", "10074"},
                                      Row{R"(,"num_replicas":6)", "maximum replicas is 5"},
                                      Row{R"(,"sealed":true)", "can not be sealed"},
                                      Row{R"(,"mirror_direct":true)", "mirror direct"},
                                      Row{R"(,"subjects":["a..b"])", "invalid subject"},
                                      Row{R"(,"subjects":["a.*","a.b"])", "overlaps with"},
                                      Row{R"(,"subjects":[">"])", "capturing all subjects"},
                                      Row{R"(,"subjects":[">"],"no_ack":true)", ""},
                                      Row{R"(,"subjects":["$JS.API.x"])", "jetstream api"},
                                      Row{R"(,"subjects":["$JS.EVENT.x"])", ""},
                                      Row{R"(,"subjects":["$SYS.x"])", "system api"},
                                      Row{R"(,"subjects":["$SYS.ACCOUNT.x"])", ""},
                                      Row{R"(,"mirror":{"name":"s"})", "not supported"},
                                      Row{R"(,"mirror":{},"sources":[],"republish":null)", ""},
                                      Row{R"(,"max_age":1,"num_replicas":3,"subjects":["a b"])", "max age"}}) {
    const std::string answer = told(members);
    EXPECT_TRUE(text.empty() ? answer.empty() : answer.find(text) != std::string::npos) << members << " -> " << answer;
  }
  EXPECT_NE(told(R"(,"description":")" + std::string(4097, 'x') + "\""), "");
  EXPECT_EQ(told(R"(,"description":")" + std::string(4096, 'x') + "\""), "");
}

// Its age is kept in milliseconds, in which -1 is never and 0 at once.
TEST(StreamRules, AnAgeBelowZeroIsRefusedOnTopicsOfKafkaToo) {
  for (const std::int64_t age : {-1, -1'000'000, -5'000'000}) {
    auto parsed = parse_stream_request(R"({"name":"t","max_age":)" + std::to_string(age) + "}", broker::kafka_defaults());
    ASSERT_TRUE(parsed.has_value());
    const ApiCheck error = complete_stream("t", parsed->config);
    ASSERT_TRUE(error.has_value()) << age;
    EXPECT_EQ(error->detail, "max age can not be negative");
    EXPECT_EQ(parsed->config.retention_ms, broker::kafka_defaults().retention_ms);
  }
}

TEST(StreamRules, DefaultsDependOnOthers) {
  auto parsed = parse_stream_request(R"({"name":"t","max_age":1000000000,"max_msgs":0,"max_bytes":-7})", broker::stream_defaults());
  ASSERT_TRUE(parsed.has_value());
  ASSERT_FALSE(complete_stream("t", parsed->config).has_value());
  EXPECT_EQ(parsed->config.duplicate_window, 1s);
  EXPECT_EQ(parsed->config.max_msgs, -1);
  EXPECT_EQ(parsed->config.max_bytes, -1);
  EXPECT_EQ(parsed->config.subjects, std::vector<std::string>{"t"});
}

TEST(StreamRules, WhatAnUpdateMayNotChange) {
  using Config = broker::TopicConfig;
  struct Row {
    void (*before)(Config&);
    void (*after)(Config&);
    bool allowed;
  };
  const auto none = [](Config&) {};
  const Row rows[] = {
      {none, none, true},
      {none, [](Config& c) { c.storage = broker::Storage::kMemory; }, false},
      {none, [](Config& c) { c.retention = broker::Retention::kInterest; }, true},
      {none, [](Config& c) { c.retention = broker::Retention::kWorkQueue; }, false},
      {[](Config& c) { c.deny_delete = true; }, none, false},
      {[](Config& c) { c.deny_purge = true; }, none, false},
      {[](Config& c) { c.sealed = true; }, none, false},
      {none, [](Config& c) { c.max_consumers = 3; }, true},
  };
  for (const Row& row : rows) {
    Config before = broker::stream_defaults(), after = before;
    row.before(before);
    row.after(after);
    EXPECT_EQ(!complete_update(before, after).has_value(), row.allowed) << &row - rows;
  }
  Config before = broker::stream_defaults(), sealed = before;
  sealed.sealed = sealed.allow_rollup_hdrs = true;
  sealed.max_age = 1s;
  ASSERT_FALSE(complete_update(before, sealed).has_value());
  EXPECT_TRUE(sealed.deny_delete && sealed.deny_purge && !sealed.allow_rollup_hdrs);
  EXPECT_EQ(sealed.discard, broker::Discard::kNew);
  EXPECT_EQ(sealed.max_age, 0s);
}

TEST(StreamRules, AnUpdateStartsFromDefaultsButKeepsWhatIsKafkas) {
  broker::TopicConfig before = broker::kafka_defaults();
  before.subjects = {"a"};
  before.retention_ms = 7;
  before.max_msgs = 9;
  before.subject_template = "{topic}.{key}";
  const broker::TopicConfig base = update_base(before);
  EXPECT_EQ(base.origin, broker::Origin::kKafka);
  EXPECT_EQ(base.subjects, std::vector<std::string>{"a"});
  EXPECT_EQ(base.retention_ms, 7);
  EXPECT_EQ(base.subject_template, "{topic}.{key}");
  EXPECT_EQ(base.max_msgs, -1);
  broker::TopicConfig stream = broker::stream_defaults();
  stream.subjects = {"a"};
  EXPECT_TRUE(update_base(stream).subjects.empty());
}

}  // namespace
}  // namespace firth::jetstream
