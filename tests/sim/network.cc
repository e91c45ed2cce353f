#include "tests/sim/network.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "tests/sim/link.h"

namespace firth::sim {

// Accepted, not attached: whoever drops it closes it.
class Network::Socket final : public runtime::AcceptedSocket {
 public:
  explicit Socket(Link& link) : link_(&link) {}
  ~Socket() override {
    if (link_ != nullptr) link_->server_resets();
  }
  const runtime::Address& peer() const override { return link_->client_address; }
  Link& take() { return *std::exchange(link_, nullptr); }

 private:
  Link* link_;
};

class Network::Listener final : public LoopMember, public runtime::Listener {
 public:
  Listener(Network& network, Loop& loop, runtime::Address address, Accepted accepted)
      : network_(network), loop_(loop), address_(std::move(address)), accepted_(std::move(accepted)) {}
  ~Listener() override {
    loop_.forget(*this);
    const auto found = network_.listeners_.find(address_.port);
    if (found != network_.listeners_.end() && found->second == this) network_.listeners_.erase(found);
    for (Link* const link : waiting_) link->server_resets();
  }
  const runtime::Address& address() const override { return address_; }

  void add(Link& link) {
    waiting_.push_back(&link);
    loop_.set_ready(*this);
  }
  void on_ready() override {
    Link& link = *waiting_.front();
    waiting_.pop_front();
    if (!waiting_.empty()) loop_.set_ready(*this);
    accepted_(std::make_unique<Socket>(link));
  }
  void on_turn_end() override {}

 private:
  Network& network_;
  Loop& loop_;
  runtime::Address address_;
  Accepted accepted_;
  std::deque<Link*> waiting_;
};

Network::Network(Scheduler& scheduler) : scheduler_(scheduler) {}
Network::~Network() = default;

Result<std::unique_ptr<runtime::Listener>> Network::listen(runtime::Loop& loop, const runtime::Address& address, Accepted accepted) {
  runtime::Address real = address;
  while (real.port == 0 || (address.port == 0 && listeners_.contains(real.port))) real.port = ++last_port_;
  if (listeners_.contains(real.port))
    return Error{Errc::kExists, "listen " + real.host + ":" + std::to_string(real.port) + ": Address already in use (EADDRINUSE)"};
  auto listener = std::make_unique<Listener>(*this, dynamic_cast<Loop&>(loop), real, std::move(accepted));
  listeners_[real.port] = listener.get();
  return std::unique_ptr<runtime::Listener>(std::move(listener));
}

Result<runtime::Connection*> Network::attach(runtime::Loop& loop, std::unique_ptr<runtime::AcceptedSocket> socket) {
  Link& link = dynamic_cast<Socket&>(*socket).take();
  link.connection = std::make_unique<Connection>(dynamic_cast<Loop&>(loop), link);
  link.connection->wake();  // a reset that came before is noticed
  return static_cast<runtime::Connection*>(link.connection.get());
}

Client& Network::connect(const runtime::Address& address) {
  Link& link = *links_.emplace_back(std::make_unique<Link>(scheduler_, settings_, runtime::Address{"127.0.0.1", ++last_port_}, address));
  const auto found = listeners_.find(address.port);
  if (found == listeners_.end()) {
    link.server_resets();
  } else {
    found->second->add(link);
  }
  return link.client();
}

std::size_t Network::connection_count() const {
  return static_cast<std::size_t>(std::ranges::count_if(links_, [](const auto& link) { return link->connection != nullptr; }));
}

void Network::end_process() {
  listeners_.clear();
  for (const auto& link : links_) {
    link->end_process();
    if (link->connection != nullptr) dead_.push_back(std::move(link->connection));
  }
}

}  // namespace firth::sim
