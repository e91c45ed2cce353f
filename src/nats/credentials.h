// Who may connect: the user, users or token that the configuration names; nothing named, everyone.
#pragma once

#include <string>
#include <vector>

#include "nats/connect_options.h"

namespace firth::nats {

struct Credentials {
  struct User {
    std::string name;
    std::string password;  // plain
  };
  std::vector<User> users;
  std::string token;

  bool required() const { return !users.empty() || !token.empty(); }
  // Takes as long whatever the first wrong byte is.
  bool accept(const ConnectOptions& options) const;
};

}  // namespace firth::nats
