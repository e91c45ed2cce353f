#include "broker/header_block.h"

#include <charconv>

#include "base/assert.h"

namespace firth::broker {

namespace {

constexpr std::string_view kLineEnd = "\r\n";

// The line at the front of `rest`, without its end; drops both there.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find(kLineEnd);
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + kLineEnd.size());
  return line;
}

HeaderField split_field(std::string_view line, std::size_t colon) {
  std::size_t value = colon + 1;
  while (value < line.size() && line[value] == ' ') ++value;
  return {line.substr(0, colon), line.substr(value)};
}

}  // namespace

HeaderCursor::HeaderCursor(std::string_view block) : rest_(block) { take_line(rest_); }

bool HeaderCursor::next() {
  while (!rest_.empty()) {
    const std::string_view line = take_line(rest_);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    field_ = split_field(line, colon);
    return true;
  }
  return false;
}

std::optional<std::string_view> find_header(std::string_view block, std::string_view name) {
  for (HeaderCursor cursor(block); cursor.next();)
    if (cursor.field().name == name) return cursor.field().value;
  return std::nullopt;
}

bool is_well_formed(std::string_view block) {
  if (!block.starts_with(kHeaderVersion) || !block.ends_with("\r\n\r\n")) return false;
  std::string_view rest = block;
  const std::string_view first = take_line(rest);
  if (first.size() > kHeaderVersion.size() && first[kHeaderVersion.size()] != ' ') return false;
  for (;;) {
    const std::string_view line = take_line(rest);
    if (line.empty()) return rest.empty();
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_legal_name(line.substr(0, colon)) || !is_legal_value(split_field(line, colon).value))
      return false;
  }
}

std::string_view status_line(std::string_view block) {
  if (!block.starts_with(kHeaderVersion)) return {};
  std::string_view line = take_line(block);
  line.remove_prefix(kHeaderVersion.size());
  while (line.starts_with(' ')) line.remove_prefix(1);
  return line;
}

std::optional<int> status_code(std::string_view block) {
  const std::string_view line = status_line(block);
  int code = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), code);
  if (error != std::errc{} || code < 0) return std::nullopt;
  return code;
}

HeaderBuilder::HeaderBuilder(std::string_view status) : block_(kHeaderVersion) {
  block_ += ' ';
  block_ += status;
  block_ += kLineEnd;
}

HeaderBuilder& HeaderBuilder::add(std::string_view name, std::string_view value) {
  FIRTH_ASSERT(is_legal_name(name) && is_legal_value(value));
  block_ += name;
  block_ += ": ";
  block_ += value;
  block_ += kLineEnd;
  return *this;
}

std::string HeaderBuilder::finish() {
  block_ += kLineEnd;
  return std::move(block_);
}

bool is_legal_name(std::string_view name) { return !name.empty() && name.find_first_of(":\r\n") == std::string_view::npos; }

bool is_legal_value(std::string_view value) { return !value.starts_with(' ') && value.find_first_of("\r\n") == std::string_view::npos; }

std::string no_responders_block(std::string_view subject) {
  std::string block = "NATS/1.0 503\r\nNats-Subject: ";
  block += subject;  // a subject as it came in a control line: no CR LF can be in it
  block += "\r\n\r\n";
  return block;
}

}  // namespace firth::broker
