// The characters of a config file: position, blanks and comments, and the three ways to write a text. What they mean is the parser's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/config_value.h"

namespace firth::cli {

class ConfigLexer {
 public:
  // The text outlives the lexer.
  ConfigLexer(std::string_view text, std::string_view file);

  static constexpr char kEnd = '\0';

  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? kEnd : text_[at_]; }
  char take();
  // Takes `c` if it is next.
  bool accept(char c);
  // The next characters are exactly these.
  bool sees(std::string_view wanted) const { return text_.substr(at_).starts_with(wanted); }
  void skip(std::size_t count);

  enum class Lines { kStay, kCross };
  // Blanks, and with kCross line ends and comments.
  void skip_blanks(Lines lines);
  bool at_comment() const { return peek() == '#' || sees("//"); }
  void skip_line();

  // The rest of a bare text: up to a blank, a line end or a character of `ends`.
  std::string_view take_bare(std::string_view ends);
  // The texts between quotes and in a ( block ); the opening character is next.
  Result<std::string> take_quoted();
  Result<std::string> take_block();

  ConfigPosition position() const;
  int line() const { return line_; }
  // "Parse error on line 3: 'what'", with the line of now.
  Error parse_error(std::string_view what) const;

 private:
  Result<char> take_escape();

  std::string_view text_;
  std::shared_ptr<const std::string> file_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
};

bool is_config_blank(char c);

}  // namespace firth::cli
