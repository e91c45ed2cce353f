#include "nats/listener.h"

#include "base/log.h"
#include "nats/errors.h"

namespace firth::nats {

namespace {

using namespace std::chrono_literals;
constexpr ShardIndex kAcceptingShard{0};
constexpr auto kFarewellLinger = 1s;

}  // namespace

Result<std::unique_ptr<Listener>> Listener::listen(runtime::Network& network, const runtime::Address& address, runtime::Shards& shards,
                                                   std::vector<Sessions*> sessions, Face& face) {
  std::unique_ptr<Listener> made(new Listener(network, shards, std::move(sessions), face));
  const auto accepted = [listener = made.get()](auto socket) { listener->accept(std::move(socket)); };
  FIRTH_TRY(made->listener_, network.listen(shards[kAcceptingShard].loop, address, accepted));
  return made;
}

void Listener::accept(std::unique_ptr<runtime::AcceptedSocket> socket) {
  const std::size_t limit = face_.settings.max_connections;
  if (limit != 0 && face_.connections.load(std::memory_order_relaxed) >= limit) return turn_away(std::move(socket));
  face_.connections.fetch_add(1, std::memory_order_relaxed);
  const ShardIndex place = shards_.place_connection();
  Sessions& sessions = *sessions_[place.value()];
  if (place == kAcceptingShard) return sessions.adopt(std::move(socket));
  shards_[kAcceptingShard].mailbox.post(place, [&sessions, moved = std::move(socket)]() mutable { sessions.adopt(std::move(moved)); });
}

// nats-server 2.15 greets the one too many, then says why not.
void Listener::turn_away(std::unique_ptr<runtime::AcceptedSocket> socket) {
  log_info("client connection of {}: maximum connections exceeded", socket->peer().to_string());
  const Result<runtime::Connection*> connection = network_.attach(shards_[kAcceptingShard].loop, std::move(socket));
  if (!connection) return;
  Info info = face_.settings.info;
  info.client_ip = (*connection)->peer().host;
  (*connection)->out().append(info_line(info));
  (*connection)->out().append(error_line(ProtocolError::kMaximumConnections));
  (*connection)->close(kFarewellLinger);
}

}  // namespace firth::nats
