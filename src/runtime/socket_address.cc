#include "runtime/socket_address.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <memory>

namespace firth::runtime {

std::string Address::to_string() const {
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Result<SocketAddress> resolve(const Address& address) {
  const bool every = address.host.empty() || address.host == "*";
  const addrinfo wanted{.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(every ? "0.0.0.0" : address.host.c_str(), std::to_string(address.port).c_str(), &wanted, &found);
  if (error != 0) return Error{Errc::kInvalid, fmt::format("look up {}: {}", address.to_string(), ::gai_strerror(error))};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, ::freeaddrinfo);
  SocketAddress result;
  std::memcpy(&result.storage, list->ai_addr, list->ai_addrlen);
  result.length = list->ai_addrlen;
  return result;
}

Address to_address(const SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return {text.data(), ntohs(v4.sin_port)};
  }
  if (address.storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return {text.data(), ntohs(v6.sin6_port)};
  }
  return {};
}

Address local_address(int socket) {
  SocketAddress local;
  if (::getsockname(socket, local.get(), &local.length) != 0) return {};
  return to_address(local);
}

}  // namespace firth::runtime
