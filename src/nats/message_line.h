// The line in front of a delivered message: "MSG subject sid [reply] n" or "HMSG subject sid [reply] header-bytes n", and CR LF. What
// runs once per delivery: a few copies of short texts into memory that the caller has reserved.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "base/short_bytes.h"

namespace firth::nats {

struct MessageLine {
  std::string_view subject;
  std::string_view sid;
  std::string_view reply;          // "" is none
  std::uint32_t header_bytes = 0;  // 0: MSG, even if it was published with HPUB and no headers, as in nats-server
  std::uint32_t total_bytes = 0;   // of headers and message
};

inline constexpr std::string_view kLineEnd = "\r\n";

// What write_message_line may write at most.
constexpr std::size_t message_line_bound(const MessageLine& line) {
  constexpr std::size_t kVerbBlanksAndNumbers = sizeof("HMSG     \r\n") + 2 * 10;
  return line.subject.size() + line.sid.size() + line.reply.size() + kVerbBlanksAndNumbers;
}

namespace message_line_detail {

inline char* put(char* to, std::string_view text) {
  copy_short(to, text.data(), text.size());
  return to + text.size();
}
inline char* put_number(char* to, std::uint32_t value) {
  std::array<char, 10> digits;
  char* at = digits.data() + digits.size();
  do {
    *--at = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  return put(to, {at, digits.data() + digits.size()});
}

}  // namespace message_line_detail

// Writes at `to`, which has room for message_line_bound(line); returns the position after.
inline char* write_message_line(char* to, const MessageLine& line) {
  using namespace message_line_detail;
  FIRTH_DASSERT(line.header_bytes <= line.total_bytes);
  to = put(to, line.header_bytes != 0 ? std::string_view("HMSG ") : std::string_view("MSG "));
  to = put(to, line.subject);
  *to++ = ' ';
  to = put(to, line.sid);
  *to++ = ' ';
  if (!line.reply.empty()) {
    to = put(to, line.reply);
    *to++ = ' ';
  }
  if (line.header_bytes != 0) {
    to = put_number(to, line.header_bytes);
    *to++ = ' ';
  }
  to = put_number(to, line.total_bytes);
  return put(to, kLineEnd);
}

}  // namespace firth::nats
