// What the configuration keeps of a password or a token: the text itself, or its bcrypt hash ("$2a$11$...", also 2b, 2x and 2y).
#pragma once

#include <string_view>

namespace firth::security {

// What only looks like a hash is a text, as for nats-server: "$2a$", two digits, "$".
bool is_bcrypt_hash(std::string_view stored);

// Takes as long whatever the first wrong byte is. With a hash about 100 ms at the usual cost of 11, twice as long for each step more: on
// the worker pool. Any thread.
bool password_matches(std::string_view given, std::string_view stored);

}  // namespace firth::security
