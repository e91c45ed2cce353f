#include "cli/jetstream_part.h"

namespace firth::cli {

JetStreamPart::~JetStreamPart() = default;

Result<void> JetStreamPart::start() {
  const std::size_t shards = core_.shards.size();
  streams_.resize(shards);
  captures_.resize(shards);
  consumers_.resize(shards);
  apis_.resize(shards);
  core_.run_on_each([this](ShardIndex shard) {
    const std::size_t at = shard.value();
    streams_[at] = std::make_unique<broker::Streams>(storage_.broker().shard(shard));
    captures_[at] = std::make_unique<jetstream::Captures>(*streams_[at], *core_.routers[at]);
    if (core_.config.jetstream.enabled)
      consumers_[at] = std::make_unique<jetstream::Consumers>(*streams_[at], *core_.routers[at], *core_.random);
  });
  if (!core_.config.jetstream.enabled) return {};
  std::vector<jetstream::ApiShard> shard_parts;
  for (std::size_t i = 0; i < shards; ++i)
    shard_parts.push_back({.streams = streams_[i].get(), .consumers = consumers_[i].get(), .router = core_.routers[i].get()});
  core_.run_on_each([&](ShardIndex shard) {
    const std::size_t at = shard.value();
    apis_[at] = std::make_unique<jetstream::Api>(storage_.broker().shard(shard), shard_parts);
    // Whoever configures an interval of syncs has chosen not to wait for them.
    if (core_.config.jetstream.sync_interval.has_value()) apis_[at]->set_default_durability(log::Durability::kOs);
  });
  core_.serves_jetstream = true;
  return {};
}

void JetStreamPart::stop() {
  core_.run_on_each([this](ShardIndex shard) {
    if (const auto& api = apis_[shard.value()]; api != nullptr) api->stop();
  });
}

}  // namespace firth::cli
