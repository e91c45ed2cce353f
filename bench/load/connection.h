// A non-blocking TCP connection with a buffer for each direction, and the epoll set that says which connections have input.
// The generator never sleeps: it polls with a timeout of zero, so that a waking thread is the server's cost, not the generator's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace firth::load {

class Connection {
 public:
  explicit Connection(std::uint16_t port);  // to 127.0.0.1; gives up if nobody listens
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;
  ~Connection();

  int descriptor() const { return descriptor_; }

  // Output: appended here, sent by flush() as far as the socket takes it.
  void append(std::string_view bytes) { output_.append(bytes); }
  std::size_t unsent_bytes() const { return output_.size() - sent_; }
  void flush();

  // Input: fill() reads once what is there; the reader takes from the front. False: nothing was there.
  bool fill();
  std::string_view input() const { return std::string_view(input_).substr(taken_, filled_ - taken_); }
  void take(std::size_t bytes) { taken_ += bytes; }

 private:
  int descriptor_;
  std::string output_;
  std::size_t sent_ = 0;
  std::string input_;
  std::size_t taken_ = 0;  // bytes [taken_, filled_) of input_ were read and not taken yet
  std::size_t filled_ = 0;
};

// A descriptor that is connected to 127.0.0.1:port, or -1.
int try_connect(std::uint16_t port);

class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  void add(const Connection& connection, std::uint32_t index);

  // The indexes of the connections with input, now. Valid until the next call.
  std::span<const std::uint32_t> ready();

 private:
  int descriptor_;
  std::vector<std::uint32_t> ready_;
};

}  // namespace firth::load
