#include "kafka/sessions.h"

#include <vector>

#include "base/log.h"

namespace firth::kafka {

Sessions::Sessions(runtime::Shards& shards, broker::ShardBroker& broker, runtime::Network& network, Face& face)
    : shards_(shards), broker_(broker), network_(network), face_(face), account_(broker::kDefaultAccount) {}

Sessions::~Sessions() = default;

void Sessions::adopt(std::unique_ptr<runtime::AcceptedSocket> socket) {
  runtime::Shard& shard = broker_.shard();
  if (is_closing_) return shards_.release_connection(shard.index);
  const Result<runtime::Connection*> connection = network_.attach(shard.loop, std::move(socket));
  if (!connection) {
    log_error("Kafka connection: {}", connection.error().text);
    return shards_.release_connection(shard.index);
  }
  const std::uint64_t id = face_.last_connection_id.fetch_add(1, std::memory_order_relaxed) + 1;
  Session& session = *sessions_.emplace(id, std::make_unique<Session>(*this, **connection, id)).first->second;
  (*connection)->set_handler(session);
  (*connection)->set_memory(shard.memory);
  shard.counters.add(Counter::kConnectionsAccepted);
  shard.counters.add(Counter::kConnections);
}

void Sessions::close_all() {
  is_closing_ = true;
  for (const auto& [id, session] : sessions_) session->close("the server stops");
}

void Sessions::resume(std::uint64_t id) {
  if (const auto found = sessions_.find(id); found != sessions_.end()) found->second->resume();
}

void Sessions::resume_soon(std::uint64_t id) {
  broker_.shard().loop.post([this, id] { resume(id); });
}

void Sessions::resume_with_memory(std::uint64_t id) {
  broker_.shard().memory.when_below(broker_.shard().loop, [this, id] { resume(id); });
}

void Sessions::let_go(Session& session) {
  runtime::Shard& shard = broker_.shard();
  shard.counters.subtract(Counter::kConnections);
  shards_.release_connection(shard.index);
  shard.loop.post([this, id = session.id()] { broker_.shard().tasks.spawn(destroy(id)); });
}

runtime::Task<> Sessions::destroy(std::uint64_t id) {
  co_await sessions_.find(id)->second->tasks().close();
  sessions_.erase(id);
}

}  // namespace firth::kafka
