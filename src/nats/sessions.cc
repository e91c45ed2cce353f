#include "nats/sessions.h"

#include <utility>

#include "base/log.h"

namespace firth::nats {

Sessions::Sessions(runtime::Shards& shards, runtime::Shard& shard, runtime::Network& network, broker::Router& router,
                   runtime::Random& random, Face& face)
    : shards_(shards), shard_(shard), network_(network), router_(router), random_(random), face_(face) {}

Sessions::~Sessions() = default;

void Sessions::adopt(std::unique_ptr<runtime::AcceptedSocket> socket) {
  if (is_closing_) return forget_connection();
  Result<runtime::Connection*> connection = network_.attach(shard_.loop, std::move(socket));
  if (!connection) {
    log_error("client connection: {}", connection.error().text);
    return forget_connection();
  }
  const std::uint64_t id = face_.last_client_id.fetch_add(1, std::memory_order_relaxed) + 1;
  auto session = std::make_unique<Session>(*this, **connection, id);
  Session& started = *session;
  sessions_.emplace(id, std::move(session));
  (*connection)->set_handler(started);
  (*connection)->set_memory(shard_.memory);
  shard_.counters.add(Counter::kConnectionsAccepted);
  shard_.counters.add(Counter::kConnections);
  started.start();
}

void Sessions::close_all() {
  is_closing_ = true;
  for (const auto& [id, session] : sessions_) session->shut_down();
}

Session* Sessions::find(std::uint64_t id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void Sessions::let_go(Session& session) {
  shard_.counters.subtract(Counter::kConnections);
  forget_connection();
  shard_.loop.post([this, id = session.id()] { sessions_.erase(id); });
}

void Sessions::forget_connection() {
  shards_.release_connection(shard_.index);
  face_.connections.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace firth::nats
