// Accepts clients on one shard and places each on the shard that has room for it.
#pragma once

#include <memory>
#include <span>

#include "nats/face.h"
#include "nats/sessions.h"
#include "runtime/network.h"

namespace firth::nats {

class Listener {
 public:
  // `sessions` by shard index. It accepts on the loop of shard 0, whose thread also destroys it.
  static Result<std::unique_ptr<Listener>> listen(runtime::Network& network, const runtime::Address& address, runtime::Shards& shards,
                                                  std::vector<Sessions*> sessions, Face& face);

  const runtime::Address& address() const { return listener_->address(); }

 private:
  Listener(runtime::Network& network, runtime::Shards& shards, std::vector<Sessions*> sessions, Face& face)
      : network_(network), shards_(shards), sessions_(std::move(sessions)), face_(face) {}
  void accept(std::unique_ptr<runtime::AcceptedSocket> socket);
  void turn_away(std::unique_ptr<runtime::AcceptedSocket> socket);

  runtime::Network& network_;
  runtime::Shards& shards_;
  const std::vector<Sessions*> sessions_;
  Face& face_;
  std::unique_ptr<runtime::Listener> listener_;
};

}  // namespace firth::nats
