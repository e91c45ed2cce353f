#include "nats/parser.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace firth::nats {
namespace {

using Outcome = Parser::Outcome;

// What an operation says, in one line.
std::string describe(const Operation& operation) {
  const auto text = [](std::string_view view) { return std::string(view); };
  switch (operation.verb) {
    case Verb::kPublish:
      return (operation.has_headers ? "HPUB " : "PUB ") + text(operation.message.subject) + "," + text(operation.message.reply) + "," +
             std::to_string(operation.message.header_bytes) + "," + text(operation.message.payload);
    case Verb::kSubscribe:
      return "SUB " + text(operation.subject) + "," + text(operation.queue) + "," + text(operation.sid);
    case Verb::kUnsubscribe:
      return "UNSUB " + text(operation.sid) + "," + std::to_string(operation.maximum);
    case Verb::kPing:
      return "PING";
    case Verb::kPong:
      return "PONG";
    case Verb::kConnect:
      return "CONNECT " + text(operation.arguments);
    case Verb::kInfo:
      return "INFO " + text(operation.arguments);
    case Verb::kOk:
      return "+OK";
    case Verb::kError:
      return "-ERR " + text(operation.arguments);
  }
  return "?";
}

// Gives the parser the input in pieces, as a session would: what is not consumed stays in front. Ends with "error <name>" or what waits.
std::string run(const std::vector<std::string>& pieces, Parser::Limits limits = {}) {
  Parser parser(limits);
  std::string buffer;
  std::string result;
  for (const std::string& piece : pieces) {
    buffer += piece;
    for (;;) {
      const std::string copy = buffer;  // another address each time: nothing may point into what was
      Operation operation;
      const Outcome outcome = parser.next(copy, operation);
      if (outcome == Outcome::kIncomplete) break;
      if (outcome == Outcome::kError) return result + "error " + std::string(name_of(operation.error));
      result += describe(operation) + "; ";
      EXPECT_GT(parser.consumed(), 0u);
      EXPECT_LE(parser.consumed(), buffer.size());
      buffer.erase(0, parser.consumed());
    }
  }
  return buffer.empty() ? result : result + "waits";
}

std::vector<std::string> bytes_of(std::string_view text) {
  std::vector<std::string> pieces;
  for (const char c : text) pieces.emplace_back(1, c);
  return pieces;
}

struct Row {
  std::string_view input, expected;
};

// How nats-server 2.15.2 answers each of these was asked by raw sockets. It closes without a word where the arguments make no sense.
const Row kRows[] = {
    {"", ""},
    {"PING\r\n", "PING; "},
    {"ping\n", "PING; "},
    {"PINGxyz\r\n", "PING; "},
    {"PING  \r\nPONG\r\n", "PING; PONG; "},
    {"PONGx\r\n", "PONG; "},
    {"PI\r\n", "error UnknownOperation"},
    {"\r\n", "error UnknownOperation"},
    {" PING\r\n", "error UnknownOperation"},
    {"X", "error UnknownOperation"},
    {"PIX", "error UnknownOperation"},
    {"PUBLISH", "error UnknownOperation"},
    {"MSG a 1 2\r\nhi\r\n", "error UnknownOperation"},
    {"HMSG a 1 2\r\nhi\r\n", "error UnknownOperation"},
    {"RS+ a\r\n", "error UnknownOperation"},
    {"PI", "waits"},

    {"PUB a 0\r\n\r\nPING\r\n", "PUB a,,0,; PING; "},
    {"pUb a 2\nhi\r\n", "PUB a,,0,hi; "},
    {"PUB a b 2\r\nhi\r\n", "PUB a,b,0,hi; "},
    {"PUB\ta\t2\r\nhi\r\n", "PUB a,,0,hi; "},
    {"PUB   a \t 2  \r\nhi\r\n", "PUB a,,0,hi; "},
    {"PUB a 000000002\r\nhi\r\n", "PUB a,,0,hi; "},
    {"PUB a 4\r\n\r\n\r\n\r\n", "PUB a,,0,\r\n\r\n; "},
    {"PUB a..b 1\r\nx\r\n", "PUB a..b,,0,x; "},
    {"PUB a 2\r\nhi\n", "error UnknownOperation"},
    {"PUB a 2\r\nhi\rx", "error UnknownOperation"},
    {"PUB a 2\r\nhix\r\n", "error UnknownOperation"},
    {"PUB a\r\n", "error MalformedArguments"},
    {"PUB \r\n", "error MalformedArguments"},
    {"PUB\r\n", "error UnknownOperation"},
    {"PUB a b c 2\r\nhi\r\n", "error MalformedArguments"},
    {"PUB a b c d e f 2\r\nhi\r\n", "error MalformedArguments"},
    {"PUB a x\r\n", "error MalformedArguments"},
    {"PUB a -1\r\n", "error MalformedArguments"},
    {"PUB a +1\r\n", "error MalformedArguments"},
    {"PUB a 2x\r\nhi\r\n", "error MalformedArguments"},
    {"PUB a 1000000000\r\n", "error MalformedArguments"},
    {"PUB a 0000000002\r\n", "error MalformedArguments"},
    {"PUB a 999999999\r\n", "error MaximumPayload"},
    {"PUB a 1048577\r\n", "error MaximumPayload"},
    {"PUB a 1048576\r\n", "waits"},
    {"PUB a 2\r\nhi", "waits"},

    {"HPUB a 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", "HPUB a,,12,NATS/1.0\r\n\r\nhi; "},
    {"hpub a b 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", "HPUB a,b,12,NATS/1.0\r\n\r\nhi; "},
    {"HPUB\ta 0 2\r\nhi\r\n", "HPUB a,,0,hi; "},
    {"HPUB a 5 7\r\nxxxxxhi\r\n", "HPUB a,,5,xxxxxhi; "},
    {"HPUB a 2 2\r\nhi\r\n", "HPUB a,,2,hi; "},
    {"HPUB a 14 12\r\n", "error MalformedArguments"},
    {"HPUB a 12\r\n", "error MalformedArguments"},
    {"HPUB a x 12\r\n", "error MalformedArguments"},
    {"HPUB a 1 x\r\n", "error MalformedArguments"},
    {"HPUB a b c 12 14\r\n", "error MalformedArguments"},
    {"HPUB a 12 1048577\r\n", "error MaximumPayload"},
    {"HPUBa 1 2\r\n", "error UnknownOperation"},

    {"SUB a 1\r\n", "SUB a,,1; "},
    {"sub a q 1\n", "SUB a,q,1; "},
    {"SUB\t a \t q  1 \r\n", "SUB a,q,1; "},
    {"SUB a\r 1\r\n", "SUB a,,1; "},
    {"SUB a..b 1\r\n", "SUB a..b,,1; "},
    {"SUB a\r\n", "error MalformedArguments"},
    {"SUB a b c d\r\n", "error MalformedArguments"},
    {"SUB\r\n", "error UnknownOperation"},
    {"SUBa 1\r\n", "error UnknownOperation"},
    {"UNSUB 1\r\n", "UNSUB 1,0; "},
    {"UNSUB 1 5\r\n", "UNSUB 1,5; "},
    {"UNSUB 1 x\r\n", "UNSUB 1,-1; "},
    {"UNSUB 1 2 3\r\n", "error MalformedArguments"},
    {"UNSUB\r\n", "error UnknownOperation"},
    {"UNSUB \r\n", "error MalformedArguments"},

    {"CONNECT {}\r\n", "CONNECT {}; "},
    {"CONNECT{}\r\n", "CONNECT {}; "},
    {"connect \t {\"a\": 1}\r\n", "CONNECT {\"a\": 1}; "},
    {"CONNECT\r\n", "CONNECT ; "},
    {"INFO {}\r\n", "INFO {}; "},
    {"+OK\r\n", "+OK; "},
    {"+okxx\r\n", "+OK; "},
    {"+x", "error UnknownOperation"},
    {"-ERR 'x'\r\n", "-ERR 'x'; "},
    {"-ERR\r\n", "error UnknownOperation"},
};

TEST(NatsParser, ReadsEveryLine) {
  for (const Row& row : kRows) EXPECT_EQ(run({std::string(row.input)}), row.expected) << row.input;
}

TEST(NatsParser, ReadsTheSameInSingleBytes) {
  for (const Row& row : kRows) EXPECT_EQ(run(bytes_of(row.input)), row.expected) << row.input;
}

// With 64 bytes behind the verb, PUB and HPUB take another way.
TEST(NatsParser, ReadsTheSameWithMoreBehind) {
  std::string pings;
  std::string read_pings;
  for (int i = 0; i < 20; ++i) {
    pings += "PING\r\n";
    read_pings += "PING; ";
  }
  for (const Row& row : kRows) {
    if (row.expected.ends_with("waits")) continue;
    const bool fails = row.expected.starts_with("error");
    EXPECT_EQ(run({std::string(row.input) + pings}), std::string(row.expected) + (fails ? "" : read_pings)) << row.input;
  }
  for (std::size_t length = 1; length < 80; ++length) {
    const std::string subject(length, 's');
    EXPECT_EQ(run({"PUB " + subject + " reply 3\r\nabc\r\n" + pings}), "PUB " + subject + ",reply,0,abc; " + read_pings);
    EXPECT_EQ(run({"PUB " + subject + " 3\nabc\r\n" + pings}), "PUB " + subject + ",,0,abc; " + read_pings);
  }
}

TEST(NatsParser, BoundsTheControlLine) {
  const std::string exact = "SUB " + std::string(4094, 'a') + " 1\r\n";
  const std::string longer = "SUB " + std::string(4095, 'a') + " 1\r\n";
  EXPECT_TRUE(run({exact}).starts_with("SUB aaa"));
  EXPECT_TRUE(run(bytes_of(exact)).starts_with("SUB aaa"));
  EXPECT_EQ(run({longer}), "error MaximumControlLine");
  EXPECT_EQ(run({"SUB " + std::string(6000, 'a')}), "error MaximumControlLine");
  EXPECT_EQ(run({"SUB " + std::string(4094, 'a') + " 1 \r\n"}), "error MaximumControlLine");
  EXPECT_TRUE(run({"PUB " + std::string(4094, 'a') + " 1\r\nx\r\n"}).starts_with("PUB aaa"));
  EXPECT_EQ(run({"PUB " + std::string(4095, 'a') + " 1\r\n"}), "error MaximumControlLine");
  EXPECT_EQ(run({"PUB" + std::string(5000, ' ')}), "error MaximumControlLine");
  EXPECT_EQ(run({"PING" + std::string(5000, 'x')}), "error MaximumControlLine");
  // Fuzzing found that these were refused in pieces and taken at once.
  for (const std::string verb : {"PING", "+OK", "PUB a 1", "SUB a 1"}) {
    const std::string line = verb + std::string(200, ' ') + "\r\n";
    EXPECT_EQ(run({line}, {.max_control_line = 128}), "error MaximumControlLine") << verb;
    EXPECT_EQ(run(bytes_of(line), {.max_control_line = 128}), "error MaximumControlLine") << verb;
  }
  EXPECT_EQ(run({"SUB abc 1\r\n"}, {.max_control_line = 4}), "error MaximumControlLine");
}

TEST(NatsParser, TakesAnyPayloadWithoutALimit) {
  EXPECT_EQ(run({"PUB a 3\r\nabc\r\n"}, {.max_payload = 2}), "error MaximumPayload");
  EXPECT_EQ(run({"PUB a 0\r\n\r\n"}, {.max_payload = 0}), "PUB a,,0,; ");
  EXPECT_EQ(run({"PUB a 999999999\r\n"}, {.max_payload = -1}), "waits");
}

TEST(NatsParser, SaysHowMuchItWaitsFor) {
  Parser parser;
  Operation operation;
  EXPECT_EQ(parser.next("PUB a 100", operation), Outcome::kIncomplete);
  EXPECT_EQ(parser.expected_bytes(), 0u);
  EXPECT_EQ(parser.next("PUB a 100\r\nxy", operation), Outcome::kIncomplete);
  EXPECT_EQ(parser.expected_bytes(), 11u + 100 + 2);
  const std::string whole = "PUB a 100\r\n" + std::string(100, 'x') + "\r\nPING\r\n";
  EXPECT_EQ(parser.next(whole, operation), Outcome::kOperation);
  EXPECT_EQ(parser.consumed(), 11u + 100 + 2);
  EXPECT_EQ(parser.expected_bytes(), 0u);
}

// Any stream of operations reads the same however it is cut.
TEST(NatsParser, DoesNotMindWhereReadsEnd) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string stream;
    for (int i = 0; i < 8; ++i) stream += kRows[random() % std::size(kRows)].input;
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t length = 1 + random() % 20;
      pieces.push_back(stream.substr(at, length));
      at += length;
    }
    EXPECT_EQ(run(pieces), run({stream})) << stream;
  }
}

}  // namespace
}  // namespace firth::nats
