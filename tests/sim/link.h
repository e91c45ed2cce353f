// One connection of the simulated network: two pipes, the client at one end, the server's socket at the other. link.cc moves bytes over the
// wire, connection.cc is the server's end.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tests/sim/executors.h"
#include "tests/sim/network.h"

namespace firth::sim {

class Connection;

class Link {
 public:
  Link(Scheduler& scheduler, const NetworkSettings& settings, runtime::Address client_address, runtime::Address server_address);
  ~Link();

  Client& client() { return client_; }

  // The client's calls.
  void client_sends(std::string_view bytes);
  void client_closes();
  void client_resets();
  void client_reads_again() { pump(to_client_); }

  // The server's socket.
  std::size_t room() const;                   // bytes that it takes now
  void server_sends(std::string_view bytes);  // REQUIRES: size <= room()
  void server_closes();                       // after what was sent
  void server_resets();
  std::string read_arrived();
  bool has_arrived() const { return !arrived_.empty(); }
  bool at_end() const { return to_server_.ended && arrived_.empty(); }  // the client closed, and all was read
  bool is_reset() const { return is_reset_; }

  // The process ended: of what is on the wire to the client, a part by seed still arrives.
  void end_process();

  std::unique_ptr<Connection> connection;  // from attach until it is closed
  const runtime::Address client_address;
  const runtime::Address server_address;

 private:
  struct Pipe {
    std::string wire;      // sent, not arrived
    bool closing = false;  // its end follows
    bool ended = false;    // its end has arrived
    bool moving = false;   // an event is waiting
  };
  void pump(Pipe& pipe);
  void arrive(Pipe& pipe);
  std::size_t room_of_receiver(const Pipe& pipe) const;
  void hand_over(Pipe& pipe, std::size_t count);
  void reset_client();
  void wake_server();

  Scheduler& scheduler_;
  const NetworkSettings& settings_;
  Client client_;
  Pipe to_server_, to_client_;
  std::string arrived_;  // in the server's socket, not read
  bool is_reset_ = false;
};

// The server's end, as runtime/network.h describes it.
class Connection final : public LoopMember, public runtime::Connection {
 public:
  Connection(Loop& loop, Link& link) : loop_(loop), link_(link) {}
  ~Connection() override;

  void set_handler(runtime::ConnectionHandler& handler) override;
  void touch() override;
  void expect(std::size_t bytes) override { expected_ = bytes; }
  void pause_input() override { is_paused_ = true; }
  void resume_input() override;
  void set_output_marks(std::size_t low, std::size_t high) override;
  void close(std::chrono::milliseconds linger) override;
  const runtime::Address& peer() const override { return link_.client_address; }
  const runtime::Address& local() const override { return link_.server_address; }

  void on_ready() override;
  void on_turn_end() override;
  void wake() { loop_.set_ready(*this); }

 private:
  void deliver();
  void flush();
  void fail(Error why);
  void destroy();

  Loop& loop_;
  Link& link_;
  runtime::ConnectionHandler* handler_ = nullptr;
  std::string input_;  // not consumed
  std::size_t expected_ = 0;
  bool has_news_ = false;  // bytes that the handler has not seen, or did not see to the end because it paused
  bool is_paused_ = false;
  bool is_closing_ = false;
  bool linger_is_over_ = false;
  runtime::TimerId linger_timer_;
  std::size_t low_mark_ = 0;
  std::size_t high_mark_ = SIZE_MAX;
  bool above_high_mark_ = false;
  std::optional<Error> failed_;
};

}  // namespace firth::sim
