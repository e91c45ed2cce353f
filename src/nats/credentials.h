// Who may connect: the user, users or token that the configuration names; nothing named, everyone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nats/connect_options.h"

namespace firth::nats {

struct Credentials {
  struct User {
    std::string name;
    std::string password;  // plain, or a bcrypt hash
  };
  std::vector<User> users;
  std::string token;  // the same

  bool required() const { return !users.empty() || !token.empty(); }

  // What a client says and what it must match (security::password_matches). Views of both.
  struct Claim {
    std::string_view given, stored;
  };
  // Nothing: there is no such user. REQUIRES: required().
  std::optional<Claim> claim_of(const ConnectOptions& options) const;
};

}  // namespace firth::nats
