// The Kafka face of the server: sessions on every shard, a listener on the first, which places each connection on the shard with room.
#pragma once

#include <memory>
#include <vector>

#include "broker/broker.h"
#include "broker/groups.h"
#include "broker/producer_ids.h"
#include "kafka/face.h"
#include "kafka/sessions.h"
#include "runtime/network.h"

namespace firth::kafka {

class KafkaServer {
 public:
  // Before the broker starts.
  KafkaServer(runtime::Shards& shards, broker::Broker& broker, runtime::Network& network, Settings settings,
              broker::GroupSettings groups = {});
  ~KafkaServer();  // REQUIRES: the shards' tasks have ended

  // On shard 0, with a broker that is started. Returns the address with the real port, which is advertised if the settings name none.
  Result<runtime::Address> listen(const runtime::Address& address);
  // On shard 0, then on each shard.
  void stop_listening() { listener_.reset(); }
  void close_sessions(ShardIndex shard) { sessions_[shard.value()]->close_all(); }

  Face& face() { return face_; }

 private:
  void accept(std::unique_ptr<runtime::AcceptedSocket> socket);

  runtime::Shards& shards_;
  runtime::Network& network_;
  broker::ProducerIds producer_ids_;
  broker::Groups groups_;
  Face face_;
  std::vector<std::unique_ptr<Sessions>> sessions_;  // by shard
  std::unique_ptr<runtime::Listener> listener_;
};

}  // namespace firth::kafka
