#include "runtime/socket_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/assert.h"
#include "base/mark.h"
#include "runtime/socket_address.h"
#include "runtime/system_error.h"

namespace firth::runtime {
namespace {

constexpr std::size_t kPartsPerWrite = 64;
constexpr int kWritesPerTurn = 4;  // for buffers of many parts: the rest is written in the next turn, after the others' input

int pending_error(int socket) {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

Error closed_by_peer(const Address& peer) { return {Errc::kUnavailable, "connection to " + peer.to_string() + ": closed by the peer"}; }

}  // namespace

SocketConnection::SocketConnection(EpollLoop& loop, Descriptor socket, Address peer)
    : Connection(loop.block_pool()), loop_(loop), socket_(std::move(socket)), peer_(std::move(peer)), local_(local_address(socket_.get())) {
  const int on = 1;  // one write a turn is our own coalescing; Nagle's would only delay it. Fails on a socket that is dead already.
  (void)::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

SocketConnection::~SocketConnection() = default;

Result<void> SocketConnection::register_events() {
  watched_ = EPOLLIN;
  return loop_.watch(socket_.get(), watched_, *this);
}

void SocketConnection::touch() {
  loop_.at_turn_end(*this);
  if (memory_.follow(out_.size()) && handler_ != nullptr) handler_->on_over_budget();
}

void SocketConnection::pause_input() {
  paused_ = true;
  halted_ = true;
  touch();  // epoll learns of it at the end of the turn: pausing and resuming within one costs nothing
}

void SocketConnection::resume_input() {
  if (!std::exchange(paused_, false)) return;
  halted_ = state_ != State::kOpen;
  touch();
  if (input_.size() != 0) loop_.at_next_turn(*this);
}

void SocketConnection::set_output_marks(std::size_t low, std::size_t high) {
  FIRTH_ASSERT(low <= high);
  low_mark_ = low;
  high_mark_ = high;
}

void SocketConnection::close(std::chrono::milliseconds linger) {
  handler_ = nullptr;
  halted_ = true;
  touch();
  if (state_ != State::kOpen) return;  // failed already: it goes at the end of this turn
  state_ = State::kLingering;
  lingers_ = linger.count() > 0;
  if (!lingers_) return;  // one write at the end of this turn, then gone
  linger_timer_ = loop_.schedule(loop_.now() + linger, [this] {
    linger_timer_ = {};
    leave();
  });
}

void SocketConnection::on_ready(std::uint32_t epoll_events) {
  if (state_ == State::kGone) return;
  if ((epoll_events & EPOLLOUT) != 0) {
    socket_full_ = false;
    touch();
  }
  const bool broken = (epoll_events & (EPOLLERR | EPOLLHUP)) != 0;
  if (!broken && (epoll_events & EPOLLIN) == 0) return;
  if (state_ == State::kLingering) return discard();
  if (state_ != State::kOpen) return;
  if (!paused_) return read();
  // Broken connections are reported even while nobody wants input; what they still hold will not be asked for.
  if (broken) fail(system_error("read from", peer_.to_string(), pending_error(socket_.get())));
}

void SocketConnection::on_next_turn() {
  if (!halted_) input_.deliver(*handler_, halted_);
}

// One read a turn: the socket that has more is reported again, behind those that wait.
void SocketConnection::read() {
  FIRTH_ASSERT(handler_ != nullptr);
  InputBuffer::Target target = input_.prepare(loop_.read_block());
  const ssize_t got = ::readv(socket_.get(), target.parts.data(), static_cast<int>(target.count));
  if (got > 0) {
    input_.received(loop_.read_block(), static_cast<std::size_t>(got));
    input_.deliver(*handler_, halted_);
  } else if (got == 0) {
    peer_closed_ = true;
    fail(closed_by_peer(peer_));
  } else if (errno != EAGAIN && errno != EINTR) {
    fail(system_error("read from", peer_.to_string(), errno));
  }
}

void SocketConnection::discard() {
  const MutableBytes room = loop_.read_block().room();
  const ssize_t got = ::recv(socket_.get(), room.data(), room.size(), 0);
  if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) return;
  peer_closed_ = got == 0;
  if (got < 0) out_.clear();  // reset: nobody will take it
  if (out_.empty()) leave();
  else touch();
}

void SocketConnection::write() {
  for (int i = 0; i < kWritesPerTurn && !out_.empty() && !socket_full_; ++i) {
    std::array<ByteView, kPartsPerWrite> parts;
    std::array<iovec, kPartsPerWrite> vectors;
    const std::size_t count = out_.gather(parts);
    std::size_t wanted = 0;
    for (std::size_t k = 0; k < count; ++k) {
      vectors[k] = {const_cast<std::byte*>(parts[k].data()), parts[k].size()};
      wanted += parts[k].size();
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    const ssize_t put = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (put < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) socket_full_ = true;
      else fail(system_error("write to", peer_.to_string(), errno));
      return;
    }
    out_.consume(static_cast<std::size_t>(put));
    socket_full_ = static_cast<std::size_t>(put) < wanted;
  }
}

void SocketConnection::fail(Error why) {
  if (state_ == State::kFailed) return;
  touch();
  if (state_ == State::kLingering) {
    out_.clear();
    peer_closed_ = true;
    return;
  }
  state_ = State::kFailed;
  halted_ = true;
  why_ = std::move(why);
}

void SocketConnection::on_turn_end() {
  if (state_ == State::kGone) return;
  if (out_.size() >= high_mark_) above_high_ = true;
  write();
  (void)memory_.follow(out_.size());
  if (state_ == State::kLingering) end_lingering_turn();
  else end_open_turn();
}

void SocketConnection::end_open_turn() {
  if (state_ == State::kFailed) {
    FIRTH_MARK("runtime.connection.failed");
    if (handler_ != nullptr) std::exchange(handler_, nullptr)->on_closed(why_);
    return leave();
  }
  if (!out_.empty() && !socket_full_) touch();
  watch_again();
  if (above_high_ && out_.size() < low_mark_) {
    above_high_ = false;
    handler_->on_output_drained();
  }
}

void SocketConnection::end_lingering_turn() {
  if (!lingers_) return leave();
  if (out_.empty()) {
    if (peer_closed_) return leave();
    if (!std::exchange(shut_down_, true)) (void)::shutdown(socket_.get(), SHUT_WR);  // fails if the peer is gone: epoll reports that
  } else if (!socket_full_) {
    touch();
  }
  watch_again();
}

void SocketConnection::watch_again() {
  const bool input = state_ == State::kLingering ? !peer_closed_ : !paused_;
  const std::uint32_t wanted = (input ? std::uint32_t{EPOLLIN} : 0U) | (socket_full_ ? std::uint32_t{EPOLLOUT} : 0U);
  if (wanted == watched_) return;
  watched_ = wanted;
  loop_.rewatch(socket_.get(), watched_, *this);
}

void SocketConnection::leave() {
  if (state_ == State::kGone) return;
  state_ = State::kGone;
  halted_ = true;
  loop_.cancel(linger_timer_);
  loop_.retire(*this);
}

}  // namespace firth::runtime
