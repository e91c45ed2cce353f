#include "kafka/server.h"

#include <utility>

namespace firth::kafka {
namespace {

constexpr ShardIndex kAcceptingShard{0};

}  // namespace

KafkaServer::KafkaServer(runtime::Shards& shards, broker::Broker& broker, runtime::Network& network, Settings settings,
                         broker::GroupSettings groups)
    : shards_(shards), network_(network), producer_ids_(broker), groups_(broker, groups) {
  face_.settings = std::move(settings);
  face_.producer_ids = &producer_ids_;
  face_.groups = &groups_;
  for (std::uint32_t i = 0; i < shards.size(); ++i)
    sessions_.push_back(std::make_unique<Sessions>(shards, broker.shard(ShardIndex(i)), network, face_));
}

KafkaServer::~KafkaServer() = default;

Result<runtime::Address> KafkaServer::listen(const runtime::Address& address) {
  FIRTH_TRY(listener_, network_.listen(shards_[kAcceptingShard].loop, address, [this](auto socket) { accept(std::move(socket)); }));
  if (face_.settings.advertised_port == 0) face_.settings.advertised_port = listener_->address().port;
  return listener_->address();
}

void KafkaServer::accept(std::unique_ptr<runtime::AcceptedSocket> socket) {
  const ShardIndex place = shards_.place_connection();
  Sessions& sessions = *sessions_[place.value()];
  if (place == kAcceptingShard) return sessions.adopt(std::move(socket));
  shards_[kAcceptingShard].mailbox.post(place, [&sessions, moved = std::move(socket)]() mutable { sessions.adopt(std::move(moved)); });
}

}  // namespace firth::kafka
