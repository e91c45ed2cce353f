#include "nats/trace.h"

#include <gtest/gtest.h>

#include <string>

namespace firth::nats {
namespace {

// As nats-server 2.15.2 printed the same input.
TEST(Trace, PrintsOperationsAsTheyWereRead) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"pub foo 0\r\n\r\n", "PUB foo 0"},
      {"PUB foo re 5\r\nhello\r\n", "PUB foo re 5"},
      {"HPUB foo 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", "HPUB foo 12 14"},
      {"SUB foo 1\r\n", "SUB foo 1"},
      {"SUB foo q 1\r\n", "SUB foo q 1"},
      {"UNSUB 1\r\n", "UNSUB 1"},
      {"UNSUB 1 5\r\n", "UNSUB 1 5"},
      {"PING\r\n", "PING"},
      {"PONG\r\n", "PONG"},
      {"+OK\r\n", "OK"},
      {"CONNECT {}\r\n", "CONNECT {}"},
      {"CONNECT {\"user\":\"u\",\"pass\":\"s\\\"ecret\",\"echo\":true}\r\n",
       "CONNECT {\"user\":\"u\",\"pass\":\"[REDACTED]\",\"echo\":true}"},
      {"CONNECT {\"auth_token\" : \"t\"}\r\n", "CONNECT {\"auth_token\" : \"[REDACTED]\"}"},
      {"CONNECT {\"pass\":\"open\\\r\n", "CONNECT {\"pass\":\"[REDACTED]"},
      {"CONNECT {\"pass\":1,\"name\":\"pass\"}\r\n", "CONNECT {\"pass\":1,\"name\":\"pass\"}"},
  };
  for (const auto& [input, text] : rows) {
    Parser parser;
    Operation operation;
    ASSERT_EQ(parser.next(input, operation), Parser::Outcome::kOperation) << input;
    EXPECT_EQ(traced(operation), text);
  }
}

TEST(Trace, PrintsMessagesAsTheyAreWritten) {
  EXPECT_EQ(traced(MessageLine{.subject = "foo", .sid = "1", .reply = "", .header_bytes = 0, .total_bytes = 5}), "MSG foo 1 5");
  EXPECT_EQ(traced(MessageLine{.subject = "foo", .sid = "1", .reply = "re", .header_bytes = 12, .total_bytes = 14}), "HMSG foo 1 re 12 14");
  EXPECT_EQ(traced_payload("hello"), "MSG_PAYLOAD: [\"hello\"]");
  EXPECT_EQ(traced_payload("NATS/1.0\r\n\r\n\"\\\t\x01\xff"), R"(MSG_PAYLOAD: ["NATS/1.0\r\n\r\n\"\\\t\x01\xff"])");
}

}  // namespace
}  // namespace firth::nats
