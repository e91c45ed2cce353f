// The sessions of one shard.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "broker/router.h"
#include "nats/face.h"
#include "nats/session.h"
#include "runtime/network.h"
#include "runtime/random.h"
#include "runtime/shard.h"

namespace firth::nats {

class Sessions {
 public:
  Sessions(runtime::Shards& shards, runtime::Shard& shard, runtime::Network& network, broker::Router& router, runtime::Random& random,
           Face& face);
  ~Sessions();

  // On the shard: makes a session of it, which counts among the connections of face and shard already.
  void adopt(std::unique_ptr<runtime::AcceptedSocket> socket);
  // On the shard: closes all, and whatever is adopted later.
  void close_all();

  // For sessions.
  runtime::Shard& shard() { return shard_; }
  broker::Router& router() { return router_; }
  runtime::Random& random() { return random_; }
  Face& face() { return face_; }
  Session* find(std::uint64_t id);
  // Once it is closed: destroyed when nothing of it is on the stack any more.
  void let_go(Session& session);

 private:
  void forget_connection();

  runtime::Shards& shards_;
  runtime::Shard& shard_;
  runtime::Network& network_;
  broker::Router& router_;
  runtime::Random& random_;
  Face& face_;
  bool is_closing_ = false;
  std::unordered_map<std::uint64_t, std::unique_ptr<Session>> sessions_;
};

}  // namespace firth::nats
