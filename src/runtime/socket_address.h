// Between the kernel's socket addresses and ours.
#pragma once

#include <sys/socket.h>

#include "base/result.h"
#include "runtime/network.h"

namespace firth::runtime {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// To listen on: a number, or a name, which is looked up and may block (at start only). An empty host, or "*", is every interface.
Result<SocketAddress> resolve(const Address& address);
Address to_address(const SocketAddress& address);
Address local_address(int socket);

}  // namespace firth::runtime
