// The real network: listening, accepting, and making connections of what was accepted.
#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/assert.h"
#include "base/log.h"
#include "base/mark.h"
#include "runtime/socket_address.h"
#include "runtime/socket_connection.h"
#include "runtime/system_error.h"

namespace firth::runtime {
namespace {

using namespace std::chrono_literals;

constexpr int kAcceptsPerTurn = 64;
constexpr auto kOutOfDescriptorsPause = 100ms;

// The network and its loops are made by the same hand: no other Loop reaches here.
EpollLoop& epoll_loop(Loop& loop) {
  auto* const mine = dynamic_cast<EpollLoop*>(&loop);
  FIRTH_ASSERT(mine != nullptr);
  return *mine;
}

class LinuxAcceptedSocket final : public AcceptedSocket {
 public:
  LinuxAcceptedSocket(Descriptor socket, Address peer) : socket(std::move(socket)), peer_(std::move(peer)) {}
  const Address& peer() const override { return peer_; }

  Descriptor socket;

 private:
  Address peer_;
};

class AcceptingSource final : public EventSource {
 public:
  AcceptingSource(EpollLoop& loop, Descriptor socket, Network::Accepted accepted)
      : loop_(loop), socket_(std::move(socket)), address_(local_address(socket_.get())), accepted_(std::move(accepted)) {}

  Result<void> register_events() { return loop_.watch(socket_.get(), EPOLLIN, *this); }
  const Address& address() const { return address_; }

  ~AcceptingSource() override {
    if (destroyed_) destroyed_();
  }

  void on_destroyed(Job job) { destroyed_ = std::move(job); }
  void stop() {
    stopped_ = true;
    destroyed_ = nullptr;
    loop_.cancel(pause_timer_);
    loop_.retire(*this);
  }

  void on_ready(std::uint32_t) override {
    for (int i = 0; i < kAcceptsPerTurn && !stopped_; ++i) {
      SocketAddress peer;
      Descriptor socket(::accept4(socket_.get(), peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket.valid()) {
        out_of_descriptors_ = false;
        accepted_(std::make_unique<LinuxAcceptedSocket>(std::move(socket), to_address(peer)));
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        return pause(errno);
      } else if (errno == EAGAIN) {
        return;
      }  // else that one connection failed before it was accepted
    }
  }

 private:
  // The waiting connection stays in the backlog and would be reported at once again: look away until some descriptor may be free.
  void pause(int error) {
    FIRTH_MARK("runtime.accept.out_of_descriptors");
    if (!std::exchange(out_of_descriptors_, true))
      log_error("{}; connections wait until some are closed", system_error("accept on", address_.to_string(), error).text);
    loop_.rewatch(socket_.get(), 0, *this);
    pause_timer_ = loop_.schedule(loop_.now() + kOutOfDescriptorsPause, [this] { loop_.rewatch(socket_.get(), EPOLLIN, *this); });
  }

  EpollLoop& loop_;
  const Descriptor socket_;
  const Address address_;
  Network::Accepted accepted_;
  Job destroyed_;
  TimerId pause_timer_;
  bool out_of_descriptors_ = false;  // logged once, until an accept succeeds
  bool stopped_ = false;
};

// The loop owns the source, and may be stopped before the listener is destroyed: each tells the other that it goes.
class LinuxListener final : public Listener {
 public:
  explicit LinuxListener(AcceptingSource& source) : source_(&source), address_(source.address()) {
    source.on_destroyed([this] { source_ = nullptr; });
  }
  ~LinuxListener() override {
    if (source_ != nullptr) source_->stop();
  }
  const Address& address() const override { return address_; }

 private:
  AcceptingSource* source_;
  const Address address_;
};

class LinuxNetwork final : public Network {
 public:
  Result<std::unique_ptr<Listener>> listen(Loop& loop, const Address& address, Accepted accepted) override {
    FIRTH_TRY(const SocketAddress wanted, resolve(address));
    Descriptor socket(::socket(wanted.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.valid()) return system_error("make a socket for", address.to_string(), errno);
    const int on = 1;
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(socket.get(), wanted.get(), wanted.length) != 0 || ::listen(socket.get(), SOMAXCONN) != 0)
      return system_error("listen on", address.to_string(), errno);
    EpollLoop& mine = epoll_loop(loop);
    auto source = std::make_unique<AcceptingSource>(mine, std::move(socket), std::move(accepted));
    FIRTH_CHECK(source->register_events());
    auto listener = std::make_unique<LinuxListener>(*source);
    mine.add(std::move(source));
    return std::unique_ptr<Listener>(std::move(listener));
  }

  Result<Connection*> attach(Loop& loop, std::unique_ptr<AcceptedSocket> socket) override {
    auto& accepted = static_cast<LinuxAcceptedSocket&>(*socket);
    EpollLoop& mine = epoll_loop(loop);
    auto connection = std::make_unique<SocketConnection>(mine, std::move(accepted.socket), accepted.peer());
    FIRTH_CHECK(connection->register_events());
    Connection* const result = connection.get();
    mine.add(std::move(connection));
    return result;
  }
};

}  // namespace

std::unique_ptr<Network> make_network() { return std::make_unique<LinuxNetwork>(); }

}  // namespace firth::runtime
