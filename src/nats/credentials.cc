#include "nats/credentials.h"

#include <algorithm>

namespace firth::nats {

std::optional<Credentials::Claim> Credentials::claim_of(const ConnectOptions& options) const {
  if (!token.empty()) return Claim{.given = options.token, .stored = token};
  const auto found = std::ranges::find(users, options.user, &User::name);
  if (found == users.end()) return std::nullopt;
  return Claim{.given = options.password, .stored = found->password};
}

}  // namespace firth::nats
