// What all parts of the server stand on: the door to the operating system, the shards, and a router on each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "broker/router.h"
#include "cli/server_config.h"
#include "runtime/files.h"
#include "runtime/network.h"
#include "runtime/random.h"
#include "runtime/shard.h"

namespace firth::cli {

// The addresses that are listened on, as the ports file and the log name them.
struct Ports {
  std::vector<std::string> nats, monitoring, kafka;
};

class Core {
 public:
  explicit Core(const ServerConfig& the_config);
  ~Core();  // REQUIRES: shards are stopped

  // Runs the job on that shard and waits for it. From the main thread only.
  void run_on(ShardIndex shard, runtime::Job job);
  void run_on_each(const std::function<void(ShardIndex)>& job);

  const ServerConfig config;
  const std::unique_ptr<runtime::Clock> clock;
  const std::unique_ptr<runtime::Random> random;
  const std::unique_ptr<runtime::Files> files;
  const std::unique_ptr<runtime::Network> network;
  runtime::MemoryGovernor memory;  // before all that counts there
  const std::vector<std::unique_ptr<runtime::LoopThread>> loops;
  runtime::Shards shards;
  std::vector<std::unique_ptr<broker::Router>> routers;  // by shard

  const runtime::WallTime started;
  Ports ports;                    // each part adds its own
  bool serves_jetstream = false;  // set by the part that does, before NATS clients are greeted
};

// "host:port" as one connects to it: every address of this machine is reached by its loopback.
runtime::Address reachable(const runtime::Address& address);
runtime::Address to_runtime(const Address& address);

}  // namespace firth::cli
