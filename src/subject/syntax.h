// What a subject is: tokens split by '.', none empty. A filter may use '*' for one token and '>' for one or more at its end; a literal
// subject has neither. Inside a longer token both are ordinary characters ("a*b").
#pragma once

#include <cstddef>
#include <string_view>

namespace firth::subject {

inline constexpr char kSeparator = '.';
inline constexpr std::string_view kAnyToken = "*";
inline constexpr std::string_view kAnyRest = ">";

// Walks the tokens of a subject without allocation:
//   for (TokenCursor cursor(subject); cursor.next();) use(cursor.token());
// "" has one token, the empty one; "a." has two.
class TokenCursor {
 public:
  explicit TokenCursor(std::string_view subject) : rest_(subject) {}

  bool next() {
    if (ended_) return false;
    std::size_t length = 0;
    while (length < rest_.size() && rest_[length] != kSeparator) ++length;
    token_ = rest_.substr(0, length);
    ended_ = length == rest_.size();
    rest_.remove_prefix(ended_ ? length : length + 1);
    return true;
  }
  std::string_view token() const { return token_; }
  // What follows token(), without the separator; only if !last().
  std::string_view rest() const { return rest_; }
  bool last() const { return ended_; }

 private:
  std::string_view rest_;
  std::string_view token_;
  bool ended_ = false;
};

// May be subscribed to: no empty token, '>' only at the end, no space, tab, CR, LF or FF.
bool is_valid_filter(std::string_view filter);
// The same, and no token is a wildcard: what a pedantic client may publish to.
bool is_valid_literal(std::string_view subject);
// Some token is a wildcard.
bool has_wildcard(std::string_view filter);
// Some token is empty: such a subject reaches nobody.
bool has_empty_token(std::string_view subject);

std::size_t token_count(std::string_view subject);

}  // namespace firth::subject
