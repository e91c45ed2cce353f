// test::Mark: whether a rare path was taken since the test began.
//
//   const test::Mark torn_tail("log.journal.torn_tail");
//   ...
//   EXPECT_GT(torn_tail.hits(), 0u);
#pragma once

#include <cstdint>
#include <string_view>

#include "base/mark.h"

namespace firth::test {

class Mark {
 public:
  explicit Mark(std::string_view name) : name_(name), before_(MarkSite::hits(name)) {}
  std::uint64_t hits() const { return MarkSite::hits(name_) - before_; }

 private:
  std::string_view name_;
  std::uint64_t before_;
};

}  // namespace firth::test
