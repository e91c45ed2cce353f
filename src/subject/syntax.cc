#include "subject/syntax.h"

#include <algorithm>

namespace firth::subject {

namespace {

// VT and NUL are legal in nats-server, too.
bool is_forbidden(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f'; }

}  // namespace

bool is_valid_filter(std::string_view filter) {
  for (TokenCursor cursor(filter); cursor.next();) {
    const std::string_view token = cursor.token();
    if (token.empty() || std::ranges::any_of(token, is_forbidden)) return false;
    if (token == kAnyRest && !cursor.last()) return false;
  }
  return true;
}

bool is_valid_literal(std::string_view subject) { return is_valid_filter(subject) && !has_wildcard(subject); }

bool has_wildcard(std::string_view filter) {
  for (TokenCursor cursor(filter); cursor.next();)
    if (cursor.token() == kAnyToken || cursor.token() == kAnyRest) return true;
  return false;
}

bool has_empty_token(std::string_view subject) {
  char before = kSeparator;
  for (const char c : subject) {
    if (c == kSeparator && before == kSeparator) return true;
    before = c;
  }
  return before == kSeparator;
}

std::size_t token_count(std::string_view subject) { return static_cast<std::size_t>(std::ranges::count(subject, kSeparator)) + 1; }

}  // namespace firth::subject
