#include "security/password.h"

#include <gtest/gtest.h>

#include <string>

namespace firth::security {
namespace {

// "firth", with the smallest cost, so that the test is quick. nats-server takes the same (tests/e2e/core/test_flags.py).
constexpr std::string_view kHash2a = "$2a$04$abcdefghijklmnopqrstuuBh5b/5/Qcm/g6XSjuLKFOXZ6zvyfRzy";
constexpr std::string_view kHash2b = "$2b$04$abcdefghijklmnopqrstuuBh5b/5/Qcm/g6XSjuLKFOXZ6zvyfRzy";
constexpr std::string_view kHash2y = "$2y$04$abcdefghijklmnopqrstuuBh5b/5/Qcm/g6XSjuLKFOXZ6zvyfRzy";

using namespace std::string_view_literals;

TEST(Password, ComparesWithTheTextOrItsHash) {
  struct Row {
    std::string_view given, stored;
    bool matches;
  };
  const Row rows[] = {
      {"", "", true},
      {"a", "", false},
      {"", "a", false},
      {"firth", "firth", true},
      {"firth", "firtH", false},
      {"firthfirth", "firth", false},
      {"firth", kHash2a, true},
      {"firth", kHash2b, true},
      {"firth", kHash2y, true},
      {"Firth", kHash2a, false},
      {"", kHash2a, false},
      {"firth\0more"sv, kHash2a, false},
      {kHash2a, kHash2a, false},
      {"$2a$04$", "$2a$04$", true},         // no hash: seven characters
      {"$2a$x4$abc", "$2a$x4$abc", true},   // none either
      {"firth", "$2a$04$tooshort", false},  // a hash that nothing has
      {"$2a$04$tooshort", "$2a$04$tooshort", false},
  };
  for (const Row& row : rows) EXPECT_EQ(password_matches(row.given, row.stored), row.matches) << row.given << " " << row.stored;
}

TEST(Password, TellsHashesFromTexts) {
  for (const std::string_view hash : {kHash2a, kHash2b, kHash2y, "$2x$11$abc"sv}) EXPECT_TRUE(is_bcrypt_hash(hash)) << hash;
  for (const char* text : {"", "$", "$2", "$2a$", "$2a$11$", "$2c$11$abc", "$2a$1$abcd", "$2$11$abcdef", "2a$11$abcdef", "$1$abcdefgh"})
    EXPECT_FALSE(is_bcrypt_hash(text)) << text;
}

}  // namespace
}  // namespace firth::security
