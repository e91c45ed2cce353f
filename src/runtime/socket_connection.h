// A TCP connection on an EpollLoop.
//
//   kOpen       input goes to the handler; touched connections are written at the end of the turn
//   kFailed     the peer closed or the socket failed: one more write is tried, then on_closed, then gone
//   kLingering  close() was called: what is in out() is written, then our side is shut down, and input is thrown away until the peer
//               closes too or the linger ends. Closing at once would answer unread input with a reset, which can destroy what we
//               sent before the peer has read it.
//   kGone       retired; events of this turn that still come are ignored
#pragma once

#include "runtime/descriptor.h"
#include "runtime/epoll_loop.h"
#include "runtime/input_buffer.h"
#include "runtime/network.h"

namespace firth::runtime {

class SocketConnection final : public Connection, public EventSource {
 public:
  SocketConnection(EpollLoop& loop, Descriptor socket, Address peer);
  ~SocketConnection() override;
  Result<void> register_events();

  void set_handler(ConnectionHandler& handler) override { handler_ = &handler; }
  void touch() override;
  void expect(std::size_t bytes) override { input_.expect(bytes); }
  void pause_input() override;
  void resume_input() override;
  void set_output_marks(std::size_t low, std::size_t high) override;
  void close(std::chrono::milliseconds linger) override;
  const Address& peer() const override { return peer_; }
  const Address& local() const override { return local_; }

  void on_ready(std::uint32_t epoll_events) override;
  void on_next_turn() override;
  void on_turn_end() override;

 private:
  enum class State : unsigned char { kOpen, kFailed, kLingering, kGone };

  void read();
  void discard();
  void write();
  void fail(Error why);
  void end_open_turn();
  void end_lingering_turn();
  void watch_again();
  void leave();

  EpollLoop& loop_;
  const Descriptor socket_;
  ConnectionHandler* handler_ = nullptr;
  State state_ = State::kOpen;
  bool paused_ = false;
  bool halted_ = false;       // paused or not open: no input may be delivered
  bool socket_full_ = false;  // until EPOLLOUT
  bool above_high_ = false;   // on_output_drained is due when out() falls below low_mark_
  bool lingers_ = false;      // in kLingering, for longer than this turn
  bool shut_down_ = false;    // our side, in kLingering
  bool peer_closed_ = false;
  std::uint32_t watched_ = 0;  // the events that epoll reports
  InputBuffer input_;
  std::size_t low_mark_ = 0;
  std::size_t high_mark_ = SIZE_MAX;
  TimerId linger_timer_;
  Error why_{};
  const Address peer_;
  const Address local_;
};

// With the block and the chunks that an emptied out-buffer keeps (1.4 KB), an idle connection costs less than 2 KiB.
static_assert(sizeof(SocketConnection) <= 640);

}  // namespace firth::runtime
