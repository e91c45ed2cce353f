// What all Kafka sessions of the server share: who this broker says it is, and what it does for topics that nobody configured.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/ids.h"
#include "broker/broker.h"

namespace firth::broker {
class Groups;
class ProducerIds;
}  // namespace firth::broker

namespace firth::kafka {

inline constexpr std::int32_t kNodeId = 1;  // of the one broker, which is also the controller

struct Settings {
  std::string advertised_host;  // where clients are told to connect to
  std::int32_t advertised_port = 0;
  std::string cluster_id;  // 22 characters of base64url
  bool auto_create_topics = true;
  std::int32_t default_partitions = 1;
  bool deliver = false;  // nats.deliver of topics that Kafka clients make
};

// Any thread.
struct Face {
  Settings settings;                            // not changed once the listener accepts
  broker::ProducerIds* producer_ids = nullptr;  // used on shard 0 only
  broker::Groups* groups = nullptr;
  std::atomic<std::uint64_t> last_connection_id{0};
};

}  // namespace firth::kafka
