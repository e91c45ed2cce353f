#include "cli/core.h"

#include <fmt/core.h>

#include <semaphore>

#include "runtime/process.h"

namespace firth::cli {

namespace {

// By default one shard on up to two cores: with a second one there, two took 30 % from acknowledged writes (decision 0001, table 2).
std::size_t shard_count(const ShardsConfig& config) {
  if (config.count != 0) return static_cast<std::size_t>(config.count);
  const std::size_t processors = runtime::usable_processors();
  return processors <= 2 ? 1 : processors;
}

// By default half of what the machine has: the other half is the page cache's, which reads of segments live on.
std::size_t memory_budget(const ServerConfig& config) {
  if (config.memory_budget > 0) return static_cast<std::size_t>(config.memory_budget);
  return static_cast<std::size_t>(runtime::machine_memory_bytes() / 2);
}

std::vector<std::unique_ptr<runtime::LoopThread>> make_loops(std::size_t count, runtime::Clock& clock) {
  std::vector<std::unique_ptr<runtime::LoopThread>> loops;
  loops.reserve(count);
  for (std::size_t i = 0; i < count; ++i) loops.push_back(runtime::make_loop(fmt::format("shard{}", i), clock));
  return loops;
}

std::vector<runtime::LoopThread*> pointers_to(const std::vector<std::unique_ptr<runtime::LoopThread>>& loops) {
  std::vector<runtime::LoopThread*> pointers;
  pointers.reserve(loops.size());
  for (const auto& loop : loops) pointers.push_back(loop.get());
  return pointers;
}

}  // namespace

Core::Core(const ServerConfig& the_config)
    : config(the_config),
      clock(runtime::make_clock()),
      random(runtime::make_random()),
      files(runtime::make_files()),
      network(runtime::make_network()),
      memory(memory_budget(config)),
      loops(make_loops(shard_count(config.shards), *clock)),
      shards(pointers_to(loops), *clock, memory, config.shards.connections_per_shard),
      started(clock->wall()) {
  std::vector<broker::Router*> all;
  for (std::uint32_t i = 0; i < shards.size(); ++i) {
    routers.push_back(std::make_unique<broker::Router>(shards[ShardIndex(i)], random->next()));
    all.push_back(routers.back().get());
  }
  for (const auto& router : routers) router->connect(all);
}

Core::~Core() = default;

void Core::run_on(ShardIndex shard, runtime::Job job) {
  std::binary_semaphore done(0);
  shards[shard].loop.post([&] {
    job();
    done.release();
  });
  done.acquire();
}

void Core::run_on_each(const std::function<void(ShardIndex)>& job) {
  for (std::uint32_t i = 0; i < shards.size(); ++i) run_on(ShardIndex(i), [&] { job(ShardIndex(i)); });
}

runtime::Address reachable(const runtime::Address& address) {
  if (address.host == "0.0.0.0") return {"127.0.0.1", address.port};
  if (address.host == "::") return {"::1", address.port};
  return address;
}

runtime::Address to_runtime(const Address& address) {
  return {address.host, address.port == kRandomPort ? std::uint16_t{0} : static_cast<std::uint16_t>(address.port)};
}

}  // namespace firth::cli
