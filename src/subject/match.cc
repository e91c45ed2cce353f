#include "subject/match.h"

#include "subject/syntax.h"

namespace firth::subject {

bool matches(std::string_view filter, std::string_view subject) {
  if (has_empty_token(subject)) return false;
  TokenCursor wanted(filter);
  TokenCursor given(subject);
  while (wanted.next()) {
    if (!given.next()) return false;
    if (wanted.token() == kAnyRest && wanted.last()) return true;
    if (wanted.token() != kAnyToken && wanted.token() != given.token()) return false;
  }
  return given.last();
}

bool overlaps(std::string_view a, std::string_view b) {
  TokenCursor left(a);
  TokenCursor right(b);
  for (;;) {
    const bool more_left = left.next();
    const bool more_right = right.next();
    if (!more_left || !more_right) return more_left == more_right;
    if (left.token() == kAnyRest || right.token() == kAnyRest) return true;
    if (left.token() != kAnyToken && right.token() != kAnyToken && left.token() != right.token()) return false;
  }
}

bool is_subset(std::string_view inner, std::string_view outer) {
  TokenCursor small(inner);
  TokenCursor large(outer);
  while (large.next()) {
    if (!small.next()) return false;
    if (large.token() == kAnyRest) return true;
    if (small.token() == kAnyRest) return false;
    if (large.token() != kAnyToken && large.token() != small.token()) return false;
  }
  return small.last();
}

}  // namespace firth::subject
