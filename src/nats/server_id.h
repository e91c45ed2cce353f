// A server's id in the form of an nkey: "N" and 55 characters of base32 (RFC 4648) that hold a prefix, 32 bytes and a CRC-16. Tools that
// read INFO and monitoring check the form.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace firth::nats {

// `key` should be random, or the public half of a key pair.
std::string make_server_id(const std::array<std::byte, 32>& key);

}  // namespace firth::nats
