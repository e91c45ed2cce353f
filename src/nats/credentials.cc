#include "nats/credentials.h"

#include <algorithm>

namespace firth::nats {

namespace {

bool equal_in_constant_time(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() != secret.size();
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char expected = secret.empty() ? '\0' : secret[i % secret.size()];
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(expected);
  }
  return difference == 0;
}

}  // namespace

bool Credentials::accept(const ConnectOptions& options) const {
  if (!required()) return true;
  if (!token.empty()) return equal_in_constant_time(options.token, token);
  const auto found = std::ranges::find(users, options.user, &User::name);
  return found != users.end() && equal_in_constant_time(options.password, found->password);
}

}  // namespace firth::nats
