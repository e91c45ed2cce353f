#include "nats/headers.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "nats/record_headers.h"

namespace firth::nats {
namespace {

TEST(NatsHeaders, FindsTheFirstOfAName) {
  struct Row {
    std::string_view block, name;
    std::optional<std::string_view> value;
  };
  const Row rows[] = {
      {"NATS/1.0\r\nA: 1\r\nB: 2\r\nA: 3\r\n\r\n", "A", "1"},
      {"NATS/1.0\r\nA: 1\r\nB: 2\r\n\r\n", "B", "2"},
      {"NATS/1.0\r\nA:1\r\n\r\n", "A", "1"},
      {"NATS/1.0\r\nA:   1 \r\n\r\n", "A", "1 "},
      {"NATS/1.0\r\nA:\r\n\r\n", "A", ""},
      {"NATS/1.0\r\nA: x:y\r\n\r\n", "A", "x:y"},
      {"NATS/1.0\r\na: 1\r\n\r\n", "A", std::nullopt},
      {"NATS/1.0\r\nAB: 1\r\n\r\n", "A", std::nullopt},
      {"NATS/1.0\r\nA : 1\r\n\r\n", "A", std::nullopt},
      {"NATS/1.0\r\nX-A: 1\r\nA: 2\r\n\r\n", "A", "2"},
      {"NATS/1.0\r\nX: A: 1\r\n\r\n", "A", std::nullopt},
      {"NATS/1.0\r\nno field\r\nA: 2\r\n\r\n", "A", "2"},
      {"NATS/1.0\r\nA: 1", "A", "1"},
      {"NATS/1.0 503\r\n\r\n", "A", std::nullopt},
      {"A: 1\r\n", "A", std::nullopt},
      {"", "A", std::nullopt},
  };
  for (const Row& row : rows) EXPECT_EQ(find_header(row.block, row.name), row.value) << row.block;
}

TEST(NatsHeaders, KnowsAGoodBlock) {
  struct Row {
    std::string_view block;
    bool good;
    std::string_view status;
    std::optional<int> code;
  };
  const Row rows[] = {
      {"NATS/1.0\r\n\r\n", true, "", std::nullopt},
      {"NATS/1.0\r\nA: 1\r\n\r\n", true, "", std::nullopt},
      {"NATS/1.0 503\r\n\r\n", true, "503", 503},
      {"NATS/1.0 100 Idle Heartbeat\r\nA: b\r\n\r\n", true, "100 Idle Heartbeat", 100},
      {"NATS/1.0  404 \r\n\r\n", true, "404 ", 404},
      {"NATS/1.0 no\r\n\r\n", true, "no", std::nullopt},
      {"NATS/1.0 -5\r\n\r\n", true, "-5", std::nullopt},
      {"NATS/1.0x\r\n\r\n", false, "x", std::nullopt},
      {"NATS/1.0\r\n", false, "", std::nullopt},
      {"NATS/1.0\r\n\r\nA: 1\r\n\r\n", false, "", std::nullopt},
      {"NATS/1.0\r\nno field\r\n\r\n", false, "", std::nullopt},
      {"NATS/1.0\r\n: v\r\n\r\n", false, "", std::nullopt},
      {"NATS/1.0\nA: 1\n\n", false, "", std::nullopt},
      {"HTTP/1.0\r\n\r\n", false, "", std::nullopt},
      {"", false, "", std::nullopt},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(is_well_formed(row.block), row.good) << row.block;
    EXPECT_EQ(status_code(row.block), row.code) << row.block;
    if (row.good) EXPECT_EQ(status_line(row.block), row.status) << row.block;
  }
}

TEST(NatsHeaders, BuildsBlocks) {
  EXPECT_EQ(HeaderBuilder().add("A", "1").add("B", "").finish(), "NATS/1.0\r\nA: 1\r\nB: \r\n\r\n");
  EXPECT_EQ(HeaderBuilder("100 Idle Heartbeat").add("Nats-Last-Stream", "7").finish(),
            "NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Stream: 7\r\n\r\n");
  // nats-server 2.15.2 answers a request to "a" with HMSG r 1 33 33 and these bytes.
  EXPECT_EQ(no_responders_block("a"), "NATS/1.0 503\r\nNats-Subject: a\r\n\r\n");
  EXPECT_EQ(no_responders_block("a").size(), 33u);
}

TEST(RecordHeaders, MapBlocksBothWays) {
  struct Row {
    std::string_view block;
    std::vector<RecordHeader> headers;
  };
  const Row rows[] = {
      {"", {}},
      {"NATS/1.0\r\nA: 1\r\nB: 2\r\nA: 1\r\n\r\n", {{"A", "1"}, {"B", "2"}, {"A", "1"}}},
      {"NATS/1.0\r\nA: \r\n\r\n", {{"A", ""}}},
      {"NATS/1.0\r\nA:1\r\n\r\n", {{"A", "1"}, {"Firth-Block", "NATS/1.0\r\nA:1\r\n\r\n"}}},
      {"NATS/1.0\r\n\r\n", {{"Firth-Block", "NATS/1.0\r\n\r\n"}}},
      {"NATS/1.0 503\r\nA: b\r\n\r\n", {{"A", "b"}, {"Firth-Block", "NATS/1.0 503\r\nA: b\r\n\r\n"}}},
      {"NATS/1.0\r\nA: 1\n\r\n\r\n", {{"A", "1\n"}, {"Firth-Block", "NATS/1.0\r\nA: 1\n\r\n\r\n"}}},
      {"garbage", {{"Firth-Block", "garbage"}}},
      {"NATS/1.0\r\nFirth-Header: bad:name=1%0D%0A\r\n\r\n",
       {{"Firth-Header", "bad:name=1%0D%0A"}, {"Firth-Block", "NATS/1.0\r\nFirth-Header: bad:name=1%0D%0A\r\n\r\n"}}},
      {"NATS/1.0\r\nFirth-Header: bad%3Aname=1%0D%0A\r\n\r\n", {{"bad:name", "1\r\n"}}},
      {"NATS/1.0\r\nFirth-Header: null\r\n\r\n", {{"null", std::nullopt}}},
      {"NATS/1.0\r\nFirth-Header: =\r\n\r\n", {{"", ""}}},
      {"NATS/1.0\r\nFirth-Header: Firth-Block=x\r\n\r\n",
       {{"Firth-Block", "x"}, {"Firth-Block", "NATS/1.0\r\nFirth-Header: Firth-Block=x\r\n\r\n"}}},
      {"NATS/1.0\r\nFirth-Header: Firth-Block\r\n\r\n", {{"Firth-Block", std::nullopt}}},
      {"x", {{"Firth-Block", "x"}}},
      {"NATS/1.0\r\nFirth-Header: A=%20lead\r\n\r\n", {{"A", " lead"}}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(to_record_headers(row.block), row.headers) << row.block;
    EXPECT_EQ(to_block(row.headers), row.block) << row.block;
  }
}

TEST(RecordHeaders, TakeNoForeignBlock) {
  const std::vector<RecordHeader> forged = {{"A", "1"}, {"Firth-Block", "NATS/1.0\r\nB:2\r\n\r\n"}};
  EXPECT_EQ(to_block(forged), "NATS/1.0\r\nA: 1\r\nFirth-Header: Firth-Block=NATS/1.0%0D%0AB%3A2%0D%0A%0D%0A\r\n\r\n");
  EXPECT_EQ(to_record_headers(to_block(forged)), forged);
}

// Random bytes from an alphabet of what matters, both ways round.
TEST(RecordHeaders, AreReversible) {
  std::mt19937_64 random(11);
  const auto text = [&](std::size_t longest) {
    static const std::string_view kPieces[] = {"a", "B", ":",   " ",        "\r\n",        "\r",           "\n",
                                               "%", "=", "%3A", "NATS/1.0", "Firth-Block", "Firth-Header", "\xff"};
    std::string out;
    for (std::size_t length = random() % longest, i = 0; i < length; ++i) out += kPieces[random() % std::size(kPieces)];
    return out;
  };
  for (int round = 0; round < 20'000; ++round) {
    std::vector<RecordHeader> headers;
    for (std::size_t count = random() % 4, i = 0; i < count; ++i) {
      headers.push_back({text(4), text(5)});
      if (random() % 8 == 0) headers.back().value.reset();
    }
    ASSERT_EQ(to_record_headers(to_block(headers)), headers) << to_block(headers);
    const std::string block = (random() % 2 ? "NATS/1.0\r\n" : "") + text(12);
    ASSERT_EQ(to_block(to_record_headers(block)), block);
  }
}

}  // namespace
}  // namespace firth::nats
