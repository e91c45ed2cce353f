#include "jetstream/json_fields.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <utility>

#include "jetstream/api_level.h"

namespace firth::jetstream {
namespace {

struct Request {
  std::int64_t number = -5;
  std::uint64_t count = 5;
  std::string text = "none";
  bool flag = false;
  std::vector<std::string> list;
  std::map<std::string, std::string> map;
};
using V = boost::json::value;
constexpr JsonField<Request> kFields[] = {
    {"number", [](const V& v, Request& r) { return read(v, r.number); }},
    {"count", [](const V& v, Request& r) { return read(v, r.count); }},
    {"text", [](const V& v, Request& r) { return read(v, r.text); }},
    {"flag", [](const V& v, Request& r) { return read(v, r.flag); }},
    {"list", [](const V& v, Request& r) { return read(v, r.list); }},
    {"map", [](const V& v, Request& r) { return read(v, r.map); }},
};

TEST(JsonFields, OddBodies) {
  struct Row {
    std::string_view body;
    bool is_read;
  };
  for (const auto& [body, is_read] :
       {Row{"", true}, Row{"x", true},  // no object: none
        Row{"  {} ", true}, Row{"{", false}, Row{"{}x", false}, Row{R"({"nobody_knows":1})", false},
        Row{R"({"number":null,"text":null,"list":null})", true}, Row{R"({"number":"1"})", false}, Row{R"({"number":1.5})", false},
        Row{R"({"number":9223372036854775807})", true}, Row{R"({"number":9223372036854775808})", false},
        Row{R"({"count":18446744073709551615})", true}, Row{R"({"count":-1})", false}, Row{R"({"flag":0})", false},
        Row{R"({"text":7})", false}, Row{R"({"list":"a"})", false}, Row{R"({"list":["a",1]})", false}, Row{R"({"map":{"a":1}})", false},
        Row{R"({"map":[]})", false}}) {
    const auto request = read_optional<Request>(body, kFields);
    EXPECT_EQ(request.has_value(), is_read) << body;
    if (!request.has_value()) EXPECT_EQ(request.error().name, ApiErrorName::kInvalidJson) << body;
  }
  const auto whole = read_optional<Request>(R"({"number":-7,"count":7,"text":"a","flag":true,"list":["b","c"],"map":{"d":"e"}})", kFields);
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(whole->number, -7);
  EXPECT_EQ(whole->count, 7u);
  EXPECT_EQ(whole->text, "a");
  EXPECT_TRUE(whole->flag);
  EXPECT_EQ(whole->list, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(whole->map, (std::map<std::string, std::string>{{"d", "e"}}));
}

TEST(JsonFields, TimesBothWays) {
  std::int64_t ns = 0;
  for (const auto& [text, expected] : {std::pair<const char*, std::int64_t>{"2023-11-14T22:13:20Z", 1'700'000'000'000'000'000},
                                       {"2023-11-14T23:13:20.000000001+01:00", 1'700'000'000'000'000'001},
                                       {"2023-11-14T20:43:20.5-01:30", 1'700'000'000'500'000'000},
                                       {"0001-01-01T00:00:00Z", 0}}) {
    ASSERT_TRUE(read_time(V(text), ns)) << text;
    EXPECT_EQ(ns, expected) << text;
  }
  for (const char* odd : {"", "2023", "2023-13-01T00:00:00Z", "2023-02-30T00:00:00Z", "2023-11-14T24:13:20Z", "2023-11-14T22:13:20",
                          "2023-11-14T22:13:20+1", "2023-11-14T22:13:20Zz", "2023-11-14T22:13:20 01:00"})
    EXPECT_FALSE(read_time(V(odd), ns)) << odd;
  EXPECT_FALSE(read_time(V(7), ns));
  ASSERT_TRUE(read_time(V("9999-01-01T00:00:00Z"), ns)) << "far in the future is as far as it goes";
  EXPECT_GT(ns, 9'000'000'000'000'000'000);
  EXPECT_EQ(format_time(1'700'000'000'100'000'000), "2023-11-14T22:13:20.1Z");
  EXPECT_EQ(format_time(1'700'000'000'000'000'000), "2023-11-14T22:13:20Z");
  EXPECT_EQ(format_time(INT64_MAX), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(format_time(INT64_MIN), "1677-09-22T00:00:00Z") << "the first whole day";
}

TEST(JsonFields, WhatIsZeroInGo) {
  for (const char* zero :
       {"null", "false", "0", R"("")", "[]", "{}", R"("0001-01-01T00:00:00Z")", R"({"cluster":"","tags":[],"a":{"b":0}})"})
    EXPECT_TRUE(is_zero(boost::json::parse(zero))) << zero;
  for (const char* not_zero :
       {"true", "1", "-1", "0.5", R"("x")", "[0]", R"([""])", R"("2026-01-01T00:00:00Z")", R"({"cluster":"","tags":["x"]})"})
    EXPECT_FALSE(is_zero(boost::json::parse(not_zero))) << not_zero;
}

TEST(ApiLevel, WhatAClientAsksFor) {
  const std::pair<std::string_view, bool> rows[] = {
      {"", false},
      {"NATS/1.0\r\nA: 1\r\n\r\n", false},
      {"NATS/1.0\r\nNats-Required-Api-Level: 0\r\n\r\n", false},
      {"NATS/1.0\r\nNats-Required-Api-Level: 1\r\n\r\n", true},
      {"NATS/1.0\r\nNats-Required-Api-Level: x\r\n\r\n", true},
      {"NATS/1.0\r\nNats-Required-Api-Level: 99999999999999\r\n\r\n", true},
  };
  for (const auto& [headers, higher] : rows) EXPECT_EQ(asks_for_higher_level(headers), higher) << headers;
  std::map<std::string, std::string> metadata = with_level_metadata({{"mine", "1"}});
  EXPECT_EQ(metadata.size(), 4u);
  drop_level_metadata(metadata);
  EXPECT_EQ(metadata, (std::map<std::string, std::string>{{"mine", "1"}}));
}

TEST(ApiErrors, TheCaseStandsInTheText) {
  EXPECT_EQ(error_json({ApiErrorName::kStreamNotFound}), R"({"code":404,"err_code":10059,"description":"stream not found"})");
  EXPECT_EQ(error_json({ApiErrorName::kWrongLastSequence, "7"}), R"({"code":400,"err_code":10071,"description":"wrong last sequence: 7"})");
  EXPECT_EQ(error_json({ApiErrorName::kStreamConfig, "a \"b\" {}"}), R"({"code":500,"err_code":10052,"description":"a \"b\" {}"})");
}

}  // namespace
}  // namespace firth::jetstream
