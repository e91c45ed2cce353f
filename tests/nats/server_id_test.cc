#include "nats/server_id.h"

#include <gtest/gtest.h>

namespace firth::nats {
namespace {

// As the nkeys library of nats-server 2.15.2 encodes the same bytes.
TEST(ServerId, IsAnNkey) {
  std::array<std::byte, 32> key{};
  EXPECT_EQ(make_server_id(key), "NAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB5PU");
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i * 7);
  EXPECT_EQ(make_server_id(key), "NAAAODQVDQRSUMJYH5DE2VC3MJUXA536QWGJHGVBVCX3NPOEZPJNTYU4");
}

}  // namespace
}  // namespace firth::nats
