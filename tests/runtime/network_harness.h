// A loop, a listener on 127.0.0.1, and blocking clients: what the tests of the real network share.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <semaphore>
#include <string>
#include <string_view>

#include "runtime/clock.h"
#include "runtime/network.h"

namespace firth::test {

// A plain blocking socket. Reads give up after ten seconds: a test that waits for what never comes fails instead of hanging.
class Client {
 public:
  explicit Client(const runtime::Address& server);
  Client(Client&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  ~Client() { close(); }

  void send(std::string_view bytes);
  std::string receive(std::size_t size);  // that many, or fewer if the server closed
  std::string receive_all();              // until the server closed
  bool was_reset();                       // the next read fails
  void shut_down_writing();
  void reset();  // closes with RST
  void close();
  void set_receive_buffer(int bytes);
  std::uint16_t local_port() const;

 private:
  int socket_;
};

// The server's side of one connection; everything in it belongs to the loop's thread.
class Session : public runtime::ConnectionHandler {
 public:
  explicit Session(runtime::Connection& made) : connection(&made) { made.set_handler(*this); }
  std::size_t on_input(const SharedBytes& bytes) override {
    input += as_text(bytes.view());
    return bytes.size();
  }
  void on_closed(const Error& why) override {
    connection = nullptr;
    close_reason = why.text;
    ++closed_calls;
  }
  void on_output_drained() override { ++drained_calls; }

  runtime::Connection* connection;
  std::string input, close_reason;
  int closed_calls = 0;
  int drained_calls = 0;
};

class NetworkTest : public testing::Test {
 protected:
  using MakeSession = std::move_only_function<std::unique_ptr<Session>(runtime::Connection&)>;

  NetworkTest();
  ~NetworkTest() override;
  // Starts listening and the loop; each connection gets a session of `make`.
  void serve(MakeSession make = [](runtime::Connection& connection) { return std::make_unique<Session>(connection); });

  // Runs on the loop's thread, and waits for it.
  void on_loop(runtime::Job job);
  // Waits until `condition`, asked on the loop's thread after each of its turns, holds: at most ten seconds.
  void wait_until(std::function<bool()> condition);
  Session& session(std::size_t index) { return *sessions_.at(index); }
  void wait_for_sessions(std::size_t count) {
    wait_until([this, count] { return sessions_.size() >= count; });
  }

  std::unique_ptr<runtime::Clock> clock_ = runtime::make_clock();
  std::unique_ptr<runtime::Network> network_ = runtime::make_network();
  std::deque<std::unique_ptr<Session>> sessions_;
  std::unique_ptr<runtime::LoopThread> loop_ = runtime::make_loop("test", *clock_);
  std::unique_ptr<runtime::Listener> listener_;
};

}  // namespace firth::test
