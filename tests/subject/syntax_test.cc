#include "subject/syntax.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace firth::subject {
namespace {

using namespace std::string_view_literals;

// The rows were answered by nats-server 2.15.2 (IsValidSubject). It calls "a b" literal; we do not: PUB cannot carry it.
TEST(SubjectSyntax, SaysWhatIsLegal) {
  struct Row {
    std::string_view subject;
    bool filter, literal;
  };
  const Row rows[] = {
      {"", false, false},      {"a", true, true},       {"a.b", true, true},     {"a.*", true, false},    {"a.>", true, false},
      {">", true, false},      {"*", true, false},      {"*.*", true, false},    {"a..b", false, false},  {".a", false, false},
      {"a.", false, false},    {".", false, false},     {"a.>.b", false, false}, {">.a", false, false},   {"*a", true, true},
      {"a*", true, true},      {"a.*b", true, true},    {">a", true, true},      {"a>", true, true},      {"a b", false, false},
      {"a.\tb", false, false}, {" ", false, false},     {"a. ", false, false},   {"a.\n", false, false},  {"a.\r", false, false},
      {"a.\f", false, false},  {"a.\v", true, true},    {"\0"sv, true, true},    {"a.\0b"sv, true, true}, {"a.\x7f", true, true},
      {"\xff.a", true, true},  {"$SYS.>", true, false}, {"a.*.c", true, false},  {"*.>", true, false},    {"*.b", true, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(is_valid_filter(row.subject), row.filter) << row.subject;
    EXPECT_EQ(is_valid_literal(row.subject), row.literal) << row.subject;
  }
}

TEST(SubjectSyntax, WalksTokens) {
  struct Row {
    std::string_view subject;
    std::vector<std::string_view> tokens;
    bool empty_token;
  };
  const Row rows[] = {
      {"", {""}, true},        {"a", {"a"}, false},     {"a.b.c", {"a", "b", "c"}, false}, {".", {"", ""}, true},
      {"a.", {"a", ""}, true}, {".a", {"", "a"}, true}, {"a..b", {"a", "", "b"}, true},    {"long.er", {"long", "er"}, false},
  };
  for (const Row& row : rows) {
    std::vector<std::string_view> tokens;
    for (TokenCursor cursor(row.subject); cursor.next();) {
      tokens.push_back(cursor.token());
      EXPECT_EQ(cursor.last(), tokens.size() == row.tokens.size());
    }
    EXPECT_EQ(tokens, row.tokens) << row.subject;
    EXPECT_EQ(has_empty_token(row.subject), row.empty_token) << row.subject;
    EXPECT_EQ(token_count(row.subject), row.tokens.size()) << row.subject;
  }
}

}  // namespace
}  // namespace firth::subject
