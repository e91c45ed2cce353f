#include "cli/kafka_part.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "runtime/process.h"

namespace firth::cli {
namespace {

constexpr ShardIndex kAcceptingShard{0};

// Kafka's form of a cluster id: 128 bits, base64url without padding. Ours are those that the data directory was made with.
std::string cluster_id(std::string_view hex) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  constexpr int kBitsOfHex = 4, kBitsOfDigit = 6;
  std::string id;
  unsigned bits = 0;
  int bit_count = 0;
  for (const char c : hex) {
    bits = (bits << kBitsOfHex) | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    for (bit_count += kBitsOfHex; bit_count >= kBitsOfDigit; bit_count -= kBitsOfDigit)
      id += kDigits[(bits >> (bit_count - kBitsOfDigit)) & 63];
  }
  if (bit_count > 0) id += kDigits[(bits << (kBitsOfDigit - bit_count)) & 63];
  return id;
}

}  // namespace

Result<void> KafkaPart::prepare() {
  const KafkaConfig& config = core_.config.kafka;
  kafka::Settings settings;
  settings.cluster_id = cluster_id(storage_.broker().disk().directory().id);
  settings.deliver = config.deliver;
  settings.auto_create_topics = config.auto_create_topics;
  settings.default_partitions = static_cast<std::int32_t>(config.default_partitions);
  if (config.advertised) {
    settings.advertised_host = config.advertised->host;
    settings.advertised_port = std::max(config.advertised->port, 0);
  } else {
    settings.advertised_host = reachable(listen_address()).host;
  }
  broker::GroupSettings groups;
  groups.initial_rebalance_delay = std::chrono::duration_cast<std::chrono::milliseconds>(config.group_initial_rebalance_delay);
  server_ = std::make_unique<kafka::KafkaServer>(core_.shards, storage_.broker(), *core_.network, std::move(settings), groups);
  return {};
}

runtime::Address KafkaPart::listen_address() const {
  runtime::Address address = to_runtime(core_.config.kafka.listen);
  if (address.host.empty()) address.host = core_.config.listen.host;
  return address;
}

Result<void> KafkaPart::start() {
  core_.run_on_each([this](ShardIndex shard) {
    live_deliveries_.push_back(std::make_unique<broker::LiveDelivery>(storage_.broker().shard(shard), *core_.routers[shard.value()]));
  });
  Result<runtime::Address> listening = Error{Errc::kUnavailable, "not started"};
  core_.run_on(kAcceptingShard, [&] { listening = server_->listen(listen_address()); });
  FIRTH_TRY(const runtime::Address address, std::move(listening));
  log_info("Listening for Kafka clients on {}", address.to_string());
  core_.ports.kafka.push_back(reachable(address).to_string());
  return {};
}

void KafkaPart::stop() {
  core_.run_on(kAcceptingShard, [&] { server_->stop_listening(); });
  core_.run_on_each([&](ShardIndex shard) { server_->close_sessions(shard); });
}

}  // namespace firth::cli
