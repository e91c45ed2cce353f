// What a client says of itself in CONNECT.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "nats/errors.h"

namespace firth::nats {

// The defaults hold until the first CONNECT, and for what it leaves out. Fields that only routes and leaf nodes send are ignored.
struct ConnectOptions {
  bool verbose = true;
  bool pedantic = true;
  bool echo = true;
  bool tls_required = false;
  bool headers = false;
  bool no_responders = false;
  bool new_account = false;
  std::int64_t protocol = 0;  // 0, or 1: understands INFO at any time
  std::string name, language, version;
  std::string user, password, token;
  std::string nkey, jwt, signature, proxy_signature;
  std::string account;
};

// Reads the arguments of CONNECT over what `options` holds, as nats-server does: names in any case, unknown ones ignored, null changes
// nothing, the last of two wins. kInvalid: no JSON object, or a field of another type; `options` may then be half changed.
Result<void> read_connect(std::string_view json, ConnectOptions& options);

// What is wrong with the options of a client whose credentials are right; kNone: nothing.
ProtocolError problem_of(const ConnectOptions& options);

}  // namespace firth::nats
