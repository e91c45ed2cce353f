// The head of an HTTP/1.x request, as far as a server of GET needs it (RFC 9112).
#pragma once

#include <cstddef>
#include <string_view>

namespace firth::http {

enum class Method : unsigned char { kGet, kHead, kOther };

struct Request {
  Method method = Method::kGet;
  std::string_view path;   // "/varz"
  std::string_view query;  // behind '?'
  bool keep_alive = true;
};

inline constexpr std::size_t kMaxHeadBytes = 16 * 1024;

enum class HeadOutcome : unsigned char { kComplete, kIncomplete, kMalformed };

// Reads a head from the front of `input`; its views point there. `consumed` is the head's size. A body is malformed: nobody sends us one.
HeadOutcome read_head(std::string_view input, Request& request, std::size_t& consumed);

}  // namespace firth::http
