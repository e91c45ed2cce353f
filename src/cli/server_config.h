// What flags and config file decide, with nats-server's defaults. A plain value: main hands its parts down; no lower layer includes it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace firth::cli {

inline constexpr int kRandomPort = -1;

struct Address {
  std::string host;
  int port = 0;  // kRandomPort: any free one
  bool operator==(const Address&) const = default;
};

struct UserConfig {
  std::string user;
  std::string password;  // plain, or a bcrypt hash
};

struct AuthorizationConfig {
  std::string user;
  std::string password;
  std::string token;
  std::vector<UserConfig> users;
  std::chrono::nanoseconds timeout = std::chrono::seconds(2);
};

struct JetStreamConfig {
  bool enabled = false;
  std::string store_dir;
  std::int64_t max_memory = -1;  // bytes; -1: from the machine
  std::int64_t max_store = -1;
  // As an opt-out of syncing before each acknowledgement; "always" is what Firth does anyway.
  std::optional<std::chrono::nanoseconds> sync_interval;
};

struct KafkaConfig {
  bool enabled = false;
  Address listen = {"", 9092};        // "": the host of ServerConfig::listen
  std::optional<Address> advertised;  // what clients are told to connect to
  bool deliver = false;               // Kafka-born records of new topics reach core NATS subscribers
  bool auto_create_topics = true;     // a topic that a client asks for by name is made
  std::int64_t default_partitions = 1;
  std::chrono::nanoseconds group_initial_rebalance_delay = std::chrono::seconds(3);
};

inline constexpr int kMaxShards = 1024;
inline constexpr std::int64_t kLeastMemoryBudget = 16 << 20;

struct ShardsConfig {
  int count = 0;                             // 0: one per core
  std::size_t connections_per_shard = 1024;  // shards are filled one after the other
};

struct ServerConfig {
  Address listen = {"0.0.0.0", 4222};
  std::string server_name;
  std::optional<Address> monitoring;
  std::int64_t max_payload = 1 << 20;
  std::int64_t max_pending = 64 << 20;
  std::int64_t max_control_line = 4096;
  std::int64_t max_connections = 65536;
  std::int64_t max_subscriptions = 0;        // of a connection; 0: no limit
  std::int64_t max_subscription_tokens = 0;  // 0: no limit
  bool no_header_support = false;
  std::chrono::nanoseconds ping_interval = std::chrono::minutes(2);
  std::int64_t ping_max = 2;
  std::chrono::nanoseconds write_deadline = std::chrono::seconds(10);
  AuthorizationConfig authorization;
  JetStreamConfig jetstream;
  KafkaConfig kafka;
  ShardsConfig shards;
  std::string program = "firth";   // nats-server, if it is called so: what its tools look for
  std::int64_t memory_budget = 0;  // what clients can make the server hold, in bytes; 0: half of the machine's
  bool debug = false;
  bool trace = false;
  std::string log_file;
  std::string pid_file;
  std::string ports_file_dir;
};

}  // namespace firth::cli
