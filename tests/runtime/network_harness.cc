#include "tests/runtime/network_harness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

namespace firth::test {

using namespace std::chrono_literals;

Client::Client(const runtime::Address& server) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port);
  EXPECT_EQ(::inet_pton(AF_INET, server.host.c_str(), &address.sin_addr), 1);
  EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  EXPECT_EQ(::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  const int on = 1;
  EXPECT_EQ(::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
}

void Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ASSERT_GT(put, 0);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

std::string Client::receive(std::size_t size) {
  std::string text(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::recv(socket_, text.data() + done, size - done, 0);
    EXPECT_GE(got, 0) << "receive: errno " << errno;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  text.resize(done);
  return text;
}

std::string Client::receive_all() {
  std::string text;
  for (;;) {
    const std::string part = receive(64 * 1024);
    text += part;
    if (part.size() < 64 * 1024) return text;
  }
}

bool Client::was_reset() {
  char byte;
  return ::recv(socket_, &byte, 1, 0) < 0 && errno == ECONNRESET;
}

void Client::shut_down_writing() { EXPECT_EQ(::shutdown(socket_, SHUT_WR), 0); }

void Client::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  EXPECT_EQ(::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  close();
}

void Client::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

void Client::set_receive_buffer(int bytes) { EXPECT_EQ(::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), 0); }

std::uint16_t Client::local_port() const {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length), 0);
  return ntohs(address.sin_port);
}

NetworkTest::NetworkTest() = default;

NetworkTest::~NetworkTest() {
  if (listener_ != nullptr) loop_->stop();  // sessions outlive their connections
}

void NetworkTest::serve(MakeSession make) {
  auto listener = network_->listen(*loop_, {"127.0.0.1", 0}, [this, make = std::move(make)](auto socket) mutable {
    auto connection = network_->attach(*loop_, std::move(socket));
    ASSERT_TRUE(connection.ok()) << connection.error().text;
    sessions_.push_back(make(**connection));
  });
  ASSERT_TRUE(listener.ok()) << listener.error().text;
  listener_ = std::move(*listener);
  loop_->start();
}

void NetworkTest::on_loop(runtime::Job job) {
  std::binary_semaphore done(0);
  loop_->post([&] {
    job();
    done.release();
  });
  done.acquire();
}

void NetworkTest::wait_until(std::function<bool()> condition) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  for (bool holds = false; !holds;) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the condition did not come about";
    std::binary_semaphore asked(0);
    loop_->post([&] {
      loop_->schedule(loop_->now() + 200us, [&] {  // in a later turn, not in a busy wait
        holds = condition();
        asked.release();
      });
    });
    asked.acquire();
  }
}

}  // namespace firth::test
