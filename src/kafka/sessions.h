// The Kafka sessions of one shard.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "broker/broker.h"
#include "kafka/session.h"
#include "runtime/network.h"
#include "runtime/shard.h"

namespace firth::kafka {

class Sessions {
 public:
  Sessions(runtime::Shards& shards, broker::ShardBroker& broker, runtime::Network& network, Face& face);
  ~Sessions();

  // On the shard: makes a session of it, which counts among the connections of the shard already.
  void adopt(std::unique_ptr<runtime::AcceptedSocket> socket);
  // On the shard: closes all, and whatever is adopted later.
  void close_all();

  // For sessions.
  broker::ShardBroker& broker() { return broker_; }
  Face& face() { return face_; }
  const std::string& account() const { return account_; }
  void resume_soon(std::uint64_t id);
  void resume_with_memory(std::uint64_t id);  // once there is some again
  // Its connection has gone: destroyed once its tasks have ended and nothing of it is on the stack.
  void let_go(Session& session);

 private:
  void resume(std::uint64_t id);
  runtime::Task<> destroy(std::uint64_t id);

  runtime::Shards& shards_;
  broker::ShardBroker& broker_;
  runtime::Network& network_;
  Face& face_;
  const std::string account_;
  bool is_closing_ = false;
  std::unordered_map<std::uint64_t, std::unique_ptr<Session>> sessions_;
};

}  // namespace firth::kafka
