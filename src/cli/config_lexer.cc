#include "cli/config_lexer.h"

#include <fmt/core.h>

#include <optional>

#include "base/assert.h"

namespace firth::cli {

namespace {

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

}  // namespace

bool is_config_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

ConfigLexer::ConfigLexer(std::string_view text, std::string_view file) : text_(text), file_(std::make_shared<const std::string>(file)) {}

char ConfigLexer::take() {
  FIRTH_ASSERT(!at_end());
  const char c = text_[at_++];
  if (c == '\n') {
    ++line_;
    line_start_ = at_;
  }
  return c;
}

bool ConfigLexer::accept(char c) {
  if (at_end() || peek() != c) return false;
  take();
  return true;
}

void ConfigLexer::skip(std::size_t count) {
  for (; count > 0; --count) take();
}

void ConfigLexer::skip_line() {
  while (!at_end() && peek() != '\n') take();
}

void ConfigLexer::skip_blanks(Lines lines) {
  for (;;) {
    if (!at_end() && (is_config_blank(peek()) || (lines == Lines::kCross && peek() == '\n'))) take();
    else if (lines == Lines::kCross && at_comment()) skip_line();
    else return;
  }
}

std::string_view ConfigLexer::take_bare(std::string_view ends) {
  const std::size_t start = at_;
  while (!at_end() && !is_config_blank(peek()) && peek() != '\n' && ends.find(peek()) == std::string_view::npos) take();
  return text_.substr(start, at_ - start);
}

Result<std::string> ConfigLexer::take_quoted() {
  const char quote = take();
  std::string out;
  for (;;) {
    if (at_end()) return parse_error("Unexpected EOF.");
    const char c = take();
    if (c == quote) return out;
    if (c != '\\' || quote == '\'') {  // between single quotes all is literal
      out += c;
      continue;
    }
    FIRTH_TRY(const char escaped, take_escape());
    out += escaped;
  }
}

Result<char> ConfigLexer::take_escape() {
  if (at_end()) return parse_error("Unexpected EOF.");
  const char c = take();
  switch (c) {
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case '"':
      return '"';
    case '\\':
      return '\\';
    case 'x': {
      const std::string_view digits = text_.substr(at_, 2);
      const auto high = digits.size() == 2 ? hex_digit(digits[0]) : std::nullopt;
      const auto low = digits.size() == 2 ? hex_digit(digits[1]) : std::nullopt;
      if (!high || !low) return parse_error(fmt::format("Expected two hexadecimal digits after '\\x', but got '{}'", digits));
      skip(2);
      return static_cast<char>(*high << 4 | *low);
    }
    default:
      return parse_error(
          fmt::format("Invalid escape character '{}'. Only the following escape characters are allowed: \\xXX, \\t, \\n, "
                      "\\r, \\\", \\\\.",
                      c));
  }
}

// Ends with a ')' that stands alone on its line; the line ends around the text are not part of it.
Result<std::string> ConfigLexer::take_block() {
  take();
  const std::size_t start = at_;
  while (!at_end()) {
    const std::size_t line_end = at_;
    if (take() != '\n') continue;
    skip_blanks(Lines::kStay);
    if (peek() != ')') continue;
    take();
    skip_blanks(Lines::kStay);
    if (!at_end() && peek() != '\n') continue;
    std::string_view text = text_.substr(start, line_end - start);
    while (!text.empty() && (is_config_blank(text.front()) || text.front() == '\n')) text.remove_prefix(1);
    return std::string(text);
  }
  return parse_error("Unexpected EOF processing block.");
}

ConfigPosition ConfigLexer::position() const {
  const auto column = static_cast<int>(at_ - line_start_);
  return {file_, line_, line_ == 1 ? column : column + 1};
}

Error ConfigLexer::parse_error(std::string_view what) const {
  return {Errc::kInvalid, fmt::format("Parse error on line {}: '{}'", line_, what)};
}

}  // namespace firth::cli
