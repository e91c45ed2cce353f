// A simulated network behind the door of runtime/network.h: the server's side is a listener and connections on simulated loops, the other
// side is the test's Clients. Bytes arrive in order, in pieces and after delays chosen by the seed; sockets have buffers of limited size.
//
//   sim::Client& client = world.network().connect({"127.0.0.1", 4222});
//   client.send("PING\r\n");
//   EXPECT_TRUE(world.run_until([&] { return client.received().ends_with("PONG\r\n"); }, 1s));
//
// Outlives what the server holds of it. When the server's process ends, some of the bytes on the wire still arrive; then clients are reset.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/network.h"
#include "tests/sim/scheduler.h"

namespace firth::sim {

struct NetworkSettings {
  std::chrono::nanoseconds max_delay = std::chrono::milliseconds(2);
  std::size_t socket_bytes = 64 * 1024;  // what a receiver's socket holds, and what is on the wire to it
  std::uint64_t reset_one_in = 0;        // deliveries; 0: connections are reset only by Client::reset
};

class Link;

// The far end of one connection: belongs to the test.
class Client {
 public:
  enum class State { kOpen, kClosed, kReset };  // kClosed: all that the server sent has been received
  explicit Client(Link& link) : link_(link) {}

  void send(std::string_view bytes);
  void close();  // nothing more will be sent; what was sent arrives first
  void reset();  // both ways at once; what is on the wire is lost
  void pause_reading();
  void resume_reading();

  State state() const { return state_; }
  const std::string& received() const { return received_; }
  std::string take_received() { return std::exchange(received_, {}); }
  // Called whenever something was received or the state changed.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

 private:
  friend class Link;
  Link& link_;
  State state_ = State::kOpen;
  std::string received_;
  bool is_paused_ = false;
  std::function<void()> changed_;
};

class Network final : public runtime::Network {
 public:
  explicit Network(Scheduler& scheduler);
  ~Network() override;

  Result<std::unique_ptr<runtime::Listener>> listen(runtime::Loop& loop, const runtime::Address& address, Accepted accepted) override;
  Result<runtime::Connection*> attach(runtime::Loop& loop, std::unique_ptr<runtime::AcceptedSocket> socket) override;

  // The client is reset at once if nobody listens there. It stays valid as long as the network.
  Client& connect(const runtime::Address& address);
  NetworkSettings& settings() { return settings_; }
  std::size_t connection_count() const;  // attached and not closed

  void end_process();  // sim::World calls this

 private:
  class Listener;
  class Socket;
  friend class Link;

  Scheduler& scheduler_;
  NetworkSettings settings_;
  std::map<std::uint16_t, Listener*> listeners_;  // by port
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<std::unique_ptr<runtime::Connection>> dead_;  // of ended processes, for whoever refers to them
  std::uint16_t last_port_ = 40'000;
};

}  // namespace firth::sim
