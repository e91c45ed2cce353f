#include "cli/config_parser.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/config_lexer.h"
#include "cli/config_scalar.h"

namespace firth::cli {

namespace {

using Lines = ConfigLexer::Lines;

constexpr int kMaxNesting = 64;   // of maps and arrays
constexpr int kMaxIncludes = 16;  // the real server overflows its stack on a file that includes itself

// What a whole config may take, so that a file of a few lines that names itself or its own values again and again ends in an error.
struct Budget {
  int files = 256;               // included in all
  std::size_t copies = 100'000;  // of values, by variables
};

std::size_t count_values(const ConfigValue& value) {
  std::size_t count = 1;
  if (const auto* const array = std::get_if<ConfigArray>(&value.data))
    for (const ConfigValue& element : *array) count += count_values(element);
  if (const auto* const map = std::get_if<ConfigMap>(&value.data))
    for (const ConfigField& field : *map) count += count_values(field.value);
  return count;
}

constexpr std::string_view kSeparators = ":=";
constexpr std::string_view kValueEnds = ",;]}";

std::string directory_of(std::string_view file) {
  const std::size_t slash = file.rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(file.substr(0, slash + 1));
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view file, const ConfigSources& sources, Budget& budget, int includes)
      : lexer_(text, file), file_(file), sources_(sources), budget_(budget), includes_(includes) {}

  // `scopes`: the maps that enclose this text, the innermost last; fields are added to that one.
  Result<void> parse_top(std::vector<ConfigMap*>& scopes) {
    scopes_ = &scopes;
    lexer_.skip_blanks(Lines::kCross);
    const bool braces = lexer_.accept('{');
    for (;;) {
      lexer_.skip_blanks(Lines::kCross);
      if (lexer_.at_end() || lexer_.peek() == '}') break;
      FIRTH_CHECK(parse_field());
      FIRTH_CHECK(end_top_value());
    }
    if (braces && lexer_.at_end()) return lexer_.parse_error("Unexpected EOF processing map.");
    return {};
  }

 private:
  Result<void> end_top_value() {
    lexer_.skip_blanks(Lines::kStay);
    if (lexer_.accept(',') || lexer_.accept(';') || lexer_.at_end() || lexer_.peek() == '\n' || lexer_.at_comment()) return {};
    if (lexer_.peek() == '}') return {};
    return lexer_.parse_error(
        fmt::format("Expected a top-level value to end with a new line, comment or EOF, but got '{}' instead.", lexer_.peek()));
  }

  Result<void> parse_field() {
    ConfigPosition position = lexer_.position();
    std::string key;
    if (lexer_.peek() == '"' || lexer_.peek() == '\'') {
      ++position.column;  // of the text, not of its quote
      FIRTH_TRY(key, lexer_.take_quoted());
    } else {
      if (kSeparators.find(lexer_.peek()) != std::string_view::npos)
        return lexer_.parse_error(fmt::format("Unexpected key separator '{}'", lexer_.peek()));
      key = lexer_.take_bare(":={");
      if (key == "include" && is_config_blank(lexer_.peek())) return include();
    }
    const auto invalid = [&] { return Error{Errc::kInvalid, fmt::format("config is invalid ({})", to_string(lexer_.position()))}; };
    lexer_.skip_blanks(Lines::kCross);
    if (lexer_.at_end()) return invalid();
    if (kSeparators.find(lexer_.peek()) != std::string_view::npos) lexer_.take();
    lexer_.skip_blanks(Lines::kStay);
    if (lexer_.accept('\n')) return lexer_.parse_error("Expected value but found new line");
    FIRTH_TRY(ConfigValue value, parse_value());
    value.position = std::move(position);
    scopes_->back()->push_back({std::move(key), std::move(value)});
    return {};
  }

  Result<ConfigValue> parse_value() {
    ConfigPosition position = lexer_.position();
    Result<ConfigValue> value = parse_value_here();
    if (value) value->position = std::move(position);
    return value;
  }

  Result<ConfigValue> parse_value_here() {
    switch (lexer_.peek()) {
      case '{':
        return parse_map();
      case '[':
        return parse_array();
      case '"':
      case '\'': {
        FIRTH_TRY(std::string text, lexer_.take_quoted());
        return ConfigValue{std::move(text), {}};
      }
      case '(': {
        FIRTH_TRY(std::string text, lexer_.take_block());
        return ConfigValue{std::move(text), {}};
      }
      default:
        return parse_bare();
    }
  }

  Result<ConfigValue> parse_bare() {
    const std::string_view text = lexer_.take_bare(kValueEnds);
    constexpr std::string_view kBcrypt = "$2";  // a hash, "$2a$11$...", is no variable
    if (text.size() > 1 && text.front() == '$' && !(text.starts_with(kBcrypt) && text.find('$', 2) == 3)) return variable(text.substr(1));
    Result<ConfigValue> value = read_scalar(text);
    if (!value && !value.error().text.starts_with("integer")) return lexer_.parse_error(value.error().text);
    return value;
  }

  Result<ConfigValue> parse_map() {
    FIRTH_CHECK(descend());
    lexer_.take();
    ConfigMap map;
    scopes_->push_back(&map);
    const Result<void> parsed = parse_map_fields();
    scopes_->pop_back();
    --nesting_;
    if (!parsed) return parsed.error();
    return ConfigValue{std::move(map), {}};
  }

  Result<void> parse_map_fields() {
    for (;;) {
      lexer_.skip_blanks(Lines::kCross);
      if (lexer_.at_end()) return lexer_.parse_error("Unexpected EOF processing map.");
      if (lexer_.accept('}')) return {};
      FIRTH_CHECK(parse_field());
      lexer_.skip_blanks(Lines::kStay);
      if (lexer_.accept(',') || lexer_.accept(';') || lexer_.peek() == '\n' || lexer_.peek() == '}' || lexer_.at_comment()) continue;
      return lexer_.parse_error(fmt::format("Expected a map value terminator \",\" or a map terminator \"}}\", but got '{}' instead.",
                                            lexer_.at_end() ? ' ' : lexer_.peek()));
    }
  }

  Result<ConfigValue> parse_array() {
    FIRTH_CHECK(descend());
    lexer_.take();
    ConfigArray array;
    for (;;) {
      lexer_.skip_blanks(Lines::kCross);
      if (lexer_.accept(']')) break;
      if (lexer_.peek() == ',') return lexer_.parse_error("Unexpected array value terminator ','.");
      if (!lexer_.at_end()) {
        FIRTH_TRY(ConfigValue value, parse_value());
        array.push_back(std::move(value));
        lexer_.skip_blanks(Lines::kStay);
        if (lexer_.accept(',') || lexer_.peek() == '\n' || lexer_.peek() == ']' || lexer_.at_comment()) continue;
      }
      return lexer_.parse_error(fmt::format("Expected an array value terminator \",\" or an array terminator \"]\", but got '{}' instead.",
                                            lexer_.at_end() ? ' ' : lexer_.peek()));
    }
    --nesting_;
    return ConfigValue{std::move(array), {}};
  }

  Result<void> descend() {
    if (++nesting_ > kMaxNesting) return lexer_.parse_error(fmt::format("More than {} maps and arrays in each other", kMaxNesting));
    return {};
  }

  // A field that stands before, of this or an enclosing map; else the environment, whose text is a value like any other.
  Result<ConfigValue> variable(std::string_view name) {
    for (auto scope = scopes_->rbegin(); scope != scopes_->rend(); ++scope) {
      const auto found = std::ranges::find((*scope)->rbegin(), (*scope)->rend(), name, &ConfigField::key);
      if (found == (*scope)->rend()) continue;
      found->used_as_variable = true;
      const std::size_t count = count_values(found->value);
      if (count > budget_.copies) return lexer_.parse_error("Variables stand for too many values");
      budget_.copies -= count;
      return found->value;
    }
    const auto text = sources_.environment ? sources_.environment(std::string(name)) : std::nullopt;
    if (!text) return Error{Errc::kInvalid, fmt::format("variable reference for '{}' on line {} can not be found", name, lexer_.line())};
    FIRTH_TRY(ConfigMap parsed, parse_config("value = " + *text, name, {}));
    if (parsed.size() != 1) return lexer_.parse_error(fmt::format("The environment variable '{}' is not one value", name));
    return std::move(parsed.front().value);
  }

  Result<void> include() {
    lexer_.skip_blanks(Lines::kStay);
    std::string name;
    if (lexer_.peek() == '"' || lexer_.peek() == '\'') {
      FIRTH_TRY(name, lexer_.take_quoted());
    } else {
      name = lexer_.take_bare(kValueEnds);
    }
    const auto failed = [&](std::string_view why) {
      return Error{Errc::kInvalid, fmt::format("error parsing include file '{}', {}", name, why)};
    };
    if (includes_ == kMaxIncludes) return failed(fmt::format("more than {} files in each other", kMaxIncludes));
    if (budget_.files-- == 0) return failed("too many files");
    if (!sources_.read_file) return failed("there are no files here");
    const std::string path = name.starts_with('/') ? name : directory_of(file_) + name;
    const Result<std::string> text = sources_.read_file(path);
    if (!text) return failed(text.error().text);
    Parser parser(*text, path, sources_, budget_, includes_ + 1);
    const Result<void> parsed = parser.parse_top(*scopes_);
    return parsed ? parsed : failed(parsed.error().text);
  }

  ConfigLexer lexer_;
  std::string file_;
  const ConfigSources& sources_;
  Budget& budget_;
  int includes_;
  int nesting_ = 0;
  std::vector<ConfigMap*>* scopes_ = nullptr;
};

}  // namespace

Result<ConfigMap> parse_config(std::string_view text, std::string_view file, const ConfigSources& sources) {
  ConfigMap map;
  std::vector<ConfigMap*> scopes = {&map};
  Budget budget;
  FIRTH_CHECK(Parser(text, file, sources, budget, 0).parse_top(scopes));
  return map;
}

}  // namespace firth::cli
