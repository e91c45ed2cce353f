// A broker on a simulated world: shards, disk and threads by seed; stopped, killed or without power, and opened again on what is left.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "broker/broker.h"
#include "tests/sim/world.h"

namespace firth::broker::test {

using namespace std::chrono_literals;

class BrokerWorld {
 public:
  explicit BrokerWorld(std::uint64_t seed, std::size_t shard_count = 1,
                       std::size_t connections_per_shard = runtime::Shards::kDefaultConnectionsPerShard)
      : world(seed), shard_count_(shard_count), connections_per_shard_(connections_per_shard) {}

  // Opens the broker and starts it; false, with `error` set, if either fails.
  bool open();
  // At once: nothing of what is under way reaches the disk any more. `before` lets go of what stands on the broker, which is still there.
  enum class Crash : std::uint8_t { kKill, kPowerLoss };
  void crash(Crash how, const std::function<void()>& before = {});
  void kill() { crash(Crash::kKill); }
  void lose_power() { crash(Crash::kPowerLoss); }

  runtime::Shards& shards() { return *shards_; }
  ShardBroker& shard(std::uint32_t index = 0) { return broker->shard(ShardIndex(index)); }

  // Runs a task on a shard until it ends; nothing if it does not within ten virtual seconds.
  template <class T>
  std::optional<T> run(runtime::Task<T> task, std::uint32_t shard_index = 0) {
    auto result = std::make_shared<std::optional<T>>();
    runtime::Shard& on = shard(shard_index).shard();
    auto held = std::make_shared<runtime::Task<T>>(std::move(task));
    on.loop.post([&on, held, result] { on.tasks.spawn(keep(std::move(*held), result)); });
    world.run_until([&] { return result->has_value(); }, 10s);
    return std::move(*result);
  }

  runtime::MemoryGovernor memory{std::size_t{1} << 30};
  sim::World world;
  std::unique_ptr<Broker> broker;
  std::function<void(Broker&)> prepare;  // called with each broker before it starts: what stands on it
  std::string error;

 private:
  template <class T>
  static runtime::Task<> keep(runtime::Task<T> task, std::shared_ptr<std::optional<T>> result) {
    result->emplace(co_await std::move(task));
  }
  std::size_t shard_count_;
  std::size_t connections_per_shard_;
  std::unique_ptr<runtime::Shards> shards_;
};

}  // namespace firth::broker::test
