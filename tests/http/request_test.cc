// Heads of requests, the odd ones first.
#include "http/request.h"

#include <gtest/gtest.h>

#include <string>

namespace firth::http {
namespace {

TEST(Request, IsReadOrRefused) {
  using enum HeadOutcome;
  const std::string long_line = "GET /" + std::string(kMaxHeadBytes, 'x');
  const struct {
    std::string input;
    HeadOutcome outcome;
  } kRows[] = {
      {"", kIncomplete},
      {"GET / HTTP/1.1\r\n", kIncomplete},
      {"GET / HTTP/1.1\r\n\r", kIncomplete},
      {"\r\n\r\n", kMalformed},
      {"GET\r\n\r\n", kMalformed},
      {"GET /\r\n\r\n", kMalformed},
      {"GET / HTTP/2\r\n\r\n", kMalformed},
      {"GET / HTTP/1.1 \r\n\r\n", kMalformed},
      {"GET x HTTP/1.1\r\n\r\n", kMalformed},
      {"GET / HTTP/1.1\r\nno colon\r\n\r\n", kMalformed},
      {"GET / HTTP/1.1\r\n: no name\r\n\r\n", kMalformed},
      {"GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", kMalformed},
      {"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", kMalformed},
      {long_line, kMalformed},
      {"GET / HTTP/1.0\r\n\r\n", kComplete},
      {"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", kComplete},
  };
  for (const auto& [input, outcome] : kRows) {
    Request request;
    std::size_t consumed = 0;
    EXPECT_EQ(read_head(input, request, consumed), outcome) << input.substr(0, 80);
    EXPECT_EQ(consumed, outcome == kComplete ? input.size() : 0) << input.substr(0, 80);
  }
}

TEST(Request, SaysWhatIsWanted) {
  const std::string input = "HEAD /varz?subs=1 HTTP/1.1\r\nHost: x\r\nCONNECTION:\t close \r\n\r\nGET / HTTP/1.1\r\n\r\n";
  Request request;
  std::size_t consumed = 0;
  ASSERT_EQ(read_head(input, request, consumed), HeadOutcome::kComplete);
  EXPECT_EQ(request.method, Method::kHead);
  EXPECT_EQ(request.path, "/varz");
  EXPECT_EQ(request.query, "subs=1");
  EXPECT_FALSE(request.keep_alive);
  ASSERT_EQ(read_head(std::string_view(input).substr(consumed), request, consumed), HeadOutcome::kComplete);
  EXPECT_EQ(request.path, "/");
  EXPECT_TRUE(request.keep_alive);
}

}  // namespace
}  // namespace firth::http
