#include "subject/transform_function.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <vector>

namespace firth::subject {

namespace {

using Function = Transform::Function;

constexpr std::string_view kFewArguments = "not enough arguments passed to the function";
constexpr std::string_view kManyArguments = "too many arguments passed to the function";
constexpr std::string_view kBadArgument = "function argument is invalid or in the wrong format";

enum class Arguments : unsigned char { kIndex, kPartitions, kIndexAndNumber, kIndexAndText, kNumber };

// Names as nats-server takes them: either case where a capital is shown, no other.
struct Row {
  std::string_view name;
  Function function;
  Arguments arguments;
};
constexpr Row kRows[] = {
    {"Wildcard", Function::kWildcard, Arguments::kIndex},
    {"Partition", Function::kPartition, Arguments::kPartitions},
    {"SplitFromLeft", Function::kSplitFromLeft, Arguments::kIndexAndNumber},
    {"SplitFromRight", Function::kSplitFromRight, Arguments::kIndexAndNumber},
    {"SliceFromLeft", Function::kSliceFromLeft, Arguments::kIndexAndNumber},
    {"SliceFromRight", Function::kSliceFromRight, Arguments::kIndexAndNumber},
    {"Right", Function::kRight, Arguments::kIndexAndNumber},
    {"Left", Function::kLeft, Arguments::kIndexAndNumber},
    {"Split", Function::kSplit, Arguments::kIndexAndText},
    {"Random", Function::kRandom, Arguments::kNumber},
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool names_match(std::string_view row, std::string_view given) {
  return std::ranges::equal(row, given, [](char wanted, char c) { return c == wanted || c == lower(wanted); });
}

std::string_view trim(std::string_view text, bool (*drop)(char)) {
  while (!text.empty() && drop(text.front())) text.remove_prefix(1);
  while (!text.empty() && drop(text.back())) text.remove_suffix(1);
  return text;
}

// A decimal number with an optional sign; spaces around it are ignored, other blanks are not.
std::optional<std::int64_t> parse_number(std::string_view text) {
  text = trim(text, [](char c) { return c == ' '; });
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool fits_int32(std::int64_t value) {
  return value >= std::numeric_limits<std::int32_t>::min() && value <= std::numeric_limits<std::int32_t>::max();
}

// Separated by commas; blanks after a comma belong to it.
std::vector<std::string_view> split_arguments(std::string_view text) {
  std::vector<std::string_view> arguments;
  for (;;) {
    const std::size_t comma = text.find(',');
    arguments.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return arguments;
    text.remove_prefix(comma + 1);
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  }
}

// The checks and their order are the real server's: which error a wrong call gets is visible to users.
std::string_view read_arguments(Arguments kind, const std::vector<std::string_view>& given, Transform::Part& part) {
  const std::size_t count = given.size();
  const auto number = [](std::string_view text, bool bounded) -> std::optional<std::int64_t> {
    const auto value = parse_number(text);
    if (!value || (bounded && !fits_int32(*value))) return std::nullopt;
    return value;
  };
  switch (kind) {
    case Arguments::kIndex: {
      if (count == 1 && given[0].empty()) return kFewArguments;
      if (count > 1) return kManyArguments;
      const auto index = number(given[0], false);
      if (!index) return kBadArgument;
      part.wildcards = {*index};
      return {};
    }
    case Arguments::kPartitions: {
      for (std::size_t i = 0; i < count; ++i) {
        const auto value = number(given[i], false);
        if (!value || (i == 0 && *value > std::numeric_limits<std::int32_t>::max())) return kBadArgument;
        if (i == 0) part.number = static_cast<std::int32_t>(*value);
        else part.wildcards.push_back(*value);
      }
      return {};
    }
    case Arguments::kIndexAndNumber:
    case Arguments::kIndexAndText: {
      if (count < 2) return kFewArguments;
      if (count > 2) return kManyArguments;
      const auto index = number(given[0], false);
      if (!index) return kBadArgument;
      part.wildcards = {*index};
      if (kind == Arguments::kIndexAndText) {
        if (given[1].find_first_of(" .") != std::string_view::npos) return kBadArgument;
        part.text = given[1];
        return {};
      }
      const auto value = number(given[1], true);
      if (!value) return kBadArgument;
      part.number = static_cast<std::int32_t>(*value);
      return {};
    }
    case Arguments::kNumber: {
      if (count != 1) return kFewArguments;
      const auto value = number(given[0], false);
      if (!value || *value > std::numeric_limits<std::int32_t>::max()) return kBadArgument;
      part.number = static_cast<std::int32_t>(*value);
      return {};
    }
  }
  return kBadArgument;
}

// Pieces between delimiters; with an empty one, the characters (UTF-8).
std::vector<std::string_view> split_token(std::string_view token, std::string_view delimiter) {
  std::vector<std::string_view> pieces;
  if (delimiter.empty()) {
    while (!token.empty()) {
      std::size_t length = 1;
      while (length < token.size() && (static_cast<unsigned char>(token[length]) & 0xC0) == 0x80) ++length;
      pieces.push_back(token.substr(0, length));
      token.remove_prefix(length);
    }
    return pieces;
  }
  for (;;) {
    const std::size_t at = token.find(delimiter);
    pieces.push_back(token.substr(0, at));
    if (at == std::string_view::npos) return pieces;
    token.remove_prefix(at + delimiter.size());
  }
}

// No empty tokens arise, but for one case that the real server has, too: two delimiters in front give one empty token.
void append_split(std::string& out, std::string_view token, std::string_view delimiter) {
  const auto pieces = split_token(token, delimiter);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    out += pieces[i];
    const bool leading = i == 0 && pieces[i].empty();
    if (i + 1 < pieces.size() && !pieces[i + 1].empty() && !leading) out += '.';
  }
}

// Slices of `size`, the first one of `first` bytes.
void append_slices(std::string& out, std::string_view token, std::size_t first, std::size_t size) {
  out += token.substr(0, first);
  for (std::size_t at = first; at < token.size(); at += size) {
    out += '.';
    out += token.substr(at, size);
  }
}

}  // namespace

Error destination_error(std::string_view what, std::string_view where) {
  return {Errc::kInvalid, fmt::format("invalid mapping destination: {} in {}", what, where)};
}

Result<Transform::Part> parse_part(std::string_view token) {
  Transform::Part part;
  part.text = token;
  if (token.size() > 1 && token.front() == '$') {  // "$x" and "$SYS" are ordinary tokens
    if (const auto index = parse_number(token.substr(1)); index && token.back() != ' ' && token[1] != ' ') {
      part.function = Function::kWildcard;
      part.wildcards = {*index};
    }
    return part;
  }
  if (token.size() <= 4 || !token.starts_with("{{") || !token.ends_with("}}")) return part;

  const std::string_view call = trim(token.substr(2, token.size() - 4), is_space);
  const std::size_t open = call.find('(');
  if (open == std::string_view::npos || !call.ends_with(')')) return destination_error("unknown function", token);
  const std::string_view name = trim(call.substr(0, open), is_space);
  for (const Row& row : kRows) {
    if (!names_match(row.name, name)) continue;
    part.function = row.function;
    part.text.clear();
    const auto arguments = split_arguments(call.substr(open + 1, call.size() - open - 2));
    if (const std::string_view wrong = read_arguments(row.arguments, arguments, part); !wrong.empty())
      return destination_error(wrong, token);
    return part;
  }
  return destination_error("unknown function", token);
}

void append_applied(std::string& out, const Transform::Part& part, std::string_view token) {
  if (part.function == Function::kWildcard) {
    out += token;
    return;
  }
  if (part.function == Function::kSplit) {
    append_split(out, token, part.text);
    return;
  }
  // A number that does not lie inside the token leaves it as it is.
  if (part.number <= 0 || static_cast<std::size_t>(part.number) >= token.size()) {
    out += token;
    return;
  }
  const auto number = static_cast<std::size_t>(part.number);
  const std::size_t from_right = token.size() - number;
  switch (part.function) {
    case Function::kSplitFromLeft:
      append_slices(out, token, number, token.size());
      break;
    case Function::kSplitFromRight:
      append_slices(out, token, from_right, token.size());
      break;
    case Function::kSliceFromLeft:
      append_slices(out, token, number, number);
      break;
    case Function::kSliceFromRight:
      append_slices(out, token, token.size() % number == 0 ? number : token.size() % number, number);
      break;
    case Function::kLeft:
      out += token.substr(0, number);
      break;
    case Function::kRight:
      out += token.substr(from_right);
      break;
    case Function::kNone:
    case Function::kWildcard:
    case Function::kPartition:
    case Function::kSplit:
    case Function::kRandom:
      break;
  }
}

}  // namespace firth::subject
