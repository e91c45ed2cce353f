#include "security/password.h"

#include <crypt.h>

#include <memory>
#include <string>

namespace firth::security {
namespace {

bool equal_in_constant_time(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() != secret.size();
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char expected = secret.empty() ? '\0' : secret[i % secret.size()];
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(expected);
  }
  return difference == 0;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// libxcrypt's crypt takes C strings: a password with a NUL inside is none that anyone could have set.
bool matches_hash(const std::string& given, const std::string& hash) {
  if (given.find('\0') != std::string::npos) return false;
  const auto memory = std::make_unique<crypt_data>();
  const char* const made = crypt_r(given.c_str(), hash.c_str(), memory.get());
  return made != nullptr && equal_in_constant_time(made, hash);
}

}  // namespace

bool is_bcrypt_hash(std::string_view stored) {
  constexpr std::string_view kVariants = "abxy";
  return stored.size() > 7 && stored.starts_with("$2") && kVariants.find(stored[2]) != std::string_view::npos && stored[3] == '$' &&
         is_digit(stored[4]) && is_digit(stored[5]) && stored[6] == '$';
}

bool password_matches(std::string_view given, std::string_view stored) {
  if (is_bcrypt_hash(stored)) return matches_hash(std::string(given), std::string(stored));
  return equal_in_constant_time(given, stored);
}

}  // namespace firth::security
