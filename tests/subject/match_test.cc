#include "subject/match.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "subject/syntax.h"

namespace firth::subject {
namespace {

TEST(SubjectMatch, TakesWhatTheFilterSays) {
  struct Row {
    std::string_view filter, subject;
    bool taken;
  };
  const Row rows[] = {
      {"a", "a", true},      {"a", "b", false},     {"a", "a.b", false},  {"a.b", "a", false},   {"*", "a", true},
      {"*", "a.b", false},   {">", "a", true},      {">", "a.b.c", true}, {"a.>", "a", false},   {"a.>", "a.b", true},
      {"a.*", "a.b", true},  {"a.*", "a", false},   {"a.*", "a.*", true}, {"a.b", "a.*", false}, {"a.>", "a.>", true},
      {"*.b", "a.b", true},  {"*.b", "a.c", false}, {"a*", "ab", false},  {"a*", "a*", true},    {">", "", false},
      {">", "a.", false},    {"a.*", "a.", false},  {">", "a..b", false}, {"*.>", "a", false},   {"*.*.>", "a.b.c.d", true},
      {"abc", "abd", false}, {"abc", "ab", false},  {"ab", "abc", false},
  };
  for (const Row& row : rows) EXPECT_EQ(matches(row.filter, row.subject), row.taken) << row.filter << " " << row.subject;
}

// All texts of up to `longest` tokens over an alphabet.
std::vector<std::string> all(const std::vector<std::string>& alphabet, std::size_t longest) {
  std::vector<std::string> result = alphabet;
  std::vector<std::string> before = alphabet;
  for (std::size_t length = 2; length <= longest; ++length) {
    std::vector<std::string> now;
    for (const auto& front : before)
      for (const auto& token : alphabet) now.push_back(front + "." + token);
    result.insert(result.end(), now.begin(), now.end());
    before = std::move(now);
  }
  return result;
}

// "c" stands for all tokens that no filter names, and a fourth token for all longer subjects: so few subjects decide for all.
TEST(SubjectMatch, OverlapAndSubsetAgreeWithEverySubject) {
  std::vector<std::string> filters = all({"a", "b", "*", ">"}, 3);
  std::erase_if(filters, [](const auto& filter) { return !is_valid_filter(filter); });
  const std::vector<std::string> subjects = all({"a", "b", "c"}, 4);
  for (const auto& a : filters) {
    for (const auto& b : filters) {
      const auto both = [&](const auto& subject) { return matches(a, subject) && matches(b, subject); };
      const auto only_a = [&](const auto& subject) { return matches(a, subject) && !matches(b, subject); };
      EXPECT_EQ(overlaps(a, b), std::ranges::any_of(subjects, both)) << a << " " << b;
      EXPECT_EQ(is_subset(a, b), std::ranges::none_of(subjects, only_a)) << a << " " << b;
    }
  }
}

}  // namespace
}  // namespace firth::subject
