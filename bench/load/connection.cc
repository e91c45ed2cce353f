// Sockets and epoll, directly: no layer of the server is in the way.
#include "bench/load/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "bench/load/options.h"

namespace firth::load {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;

}  // namespace

int try_connect(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) give_up("socket: %s", std::strerror(errno));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(descriptor);
    return -1;
  }
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
  return descriptor;
}

Connection::Connection(std::uint16_t port) : descriptor_(try_connect(port)) {
  if (descriptor_ < 0) give_up("nobody listens on port %d", static_cast<int>(port));
}

Connection::Connection(Connection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      output_(std::move(other.output_)),
      sent_(other.sent_),
      input_(std::move(other.input_)),
      taken_(other.taken_),
      filled_(other.filled_) {}

Connection::~Connection() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Connection::flush() {
  while (sent_ < output_.size()) {
    const ssize_t sent = ::send(descriptor_, output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN) break;
      give_up("the server closed the connection while sending: %s", std::strerror(errno));
    }
    sent_ += static_cast<std::size_t>(sent);
  }
  if (sent_ == output_.size()) {
    output_.clear();
    sent_ = 0;
  }
}

bool Connection::fill() {
  if (taken_ == filled_) taken_ = filled_ = 0;
  if (taken_ > 0 && input_.size() - filled_ < kReadBytes) {
    std::memmove(input_.data(), input_.data() + taken_, filled_ - taken_);
    filled_ -= taken_;
    taken_ = 0;
  }
  if (input_.size() - filled_ < kReadBytes) input_.resize(filled_ + kReadBytes);
  const ssize_t got = ::recv(descriptor_, input_.data() + filled_, kReadBytes, 0);
  if (got == 0) give_up("the server closed the connection after: %.200s", std::string(input()).c_str());
  if (got < 0) {
    if (errno == EAGAIN) return false;
    give_up("recv: %s", std::strerror(errno));
  }
  filled_ += static_cast<std::size_t>(got);
  return true;
}

Poller::Poller() : descriptor_(::epoll_create1(EPOLL_CLOEXEC)) {}
Poller::~Poller() { ::close(descriptor_); }

void Poller::add(const Connection& connection, std::uint32_t index) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = index;
  if (::epoll_ctl(descriptor_, EPOLL_CTL_ADD, connection.descriptor(), &event) != 0) give_up("epoll_ctl: %s", std::strerror(errno));
}

std::span<const std::uint32_t> Poller::ready() {
  epoll_event events[128];
  const int count = ::epoll_wait(descriptor_, events, 128, 0);
  ready_.clear();
  for (int i = 0; i < count; ++i) ready_.push_back(events[i].data.u32);
  return ready_;
}

}  // namespace firth::load
