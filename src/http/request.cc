#include "http/request.h"

#include <algorithm>
#include <array>

namespace firth::http {

namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kLineEnd = "\r\n";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool equal_in_any_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}
std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool read_request_line(std::string_view line, Request& request) {
  std::array<std::string_view, 3> words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t blank = i + 1 < words.size() ? line.find(' ') : line.size();
    if (blank == std::string_view::npos) return false;
    words[i] = line.substr(0, blank);
    line.remove_prefix(std::min(blank + 1, line.size()));
  }
  const auto [method, target, version] = words;
  if (!target.starts_with('/') || (version != "HTTP/1.1" && version != "HTTP/1.0")) return false;
  request.method = method == "GET" ? Method::kGet : method == "HEAD" ? Method::kHead : Method::kOther;
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  request.query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  request.keep_alive = version == "HTTP/1.1";
  return true;
}

bool read_field(std::string_view line, Request& request) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  if (equal_in_any_case(name, "connection")) request.keep_alive = request.keep_alive && !equal_in_any_case(value, "close");
  if (equal_in_any_case(name, "transfer-encoding")) return false;
  return !equal_in_any_case(name, "content-length") || value == "0";
}

}  // namespace

HeadOutcome read_head(std::string_view input, Request& request, std::size_t& consumed) {
  const std::size_t end = input.substr(0, kMaxHeadBytes).find(kHeadEnd);
  if (end == std::string_view::npos) return input.size() < kMaxHeadBytes ? HeadOutcome::kIncomplete : HeadOutcome::kMalformed;
  std::string_view rest = input.substr(0, end);
  request = {};
  for (bool first = true; first || !rest.empty(); first = false) {
    const std::size_t line_end = std::min(rest.find(kLineEnd), rest.size());
    const std::string_view line = rest.substr(0, line_end);
    rest.remove_prefix(std::min(line_end + kLineEnd.size(), rest.size()));
    if (!(first ? read_request_line(line, request) : read_field(line, request))) return HeadOutcome::kMalformed;
  }
  consumed = end + kHeadEnd.size();
  return HeadOutcome::kComplete;
}

}  // namespace firth::http
