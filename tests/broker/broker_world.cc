#include "tests/broker/broker_world.h"

namespace firth::broker::test {

bool BrokerWorld::open() {
  std::vector<runtime::LoopThread*> loops;
  for (std::size_t i = 0; i < shard_count_; ++i) loops.push_back(&world.loop("shard" + std::to_string(i)));
  shards_ = std::make_unique<runtime::Shards>(loops, world.clock(), memory, connections_per_shard_);
  auto opened = Broker::open({.disk = {.directory = "data", .journal = {}}}, *shards_,
                             {.files = world.files(),
                              .random = world.random(),
                              .commit_thread = world.thread("commit"),
                              .checkpoint_thread = world.thread("checkpoint"),
                              .workers = world.workers()});
  if (!opened.ok()) {
    error = opened.error().text;
    return false;
  }
  broker = *std::move(opened);
  if (prepare) prepare(*broker);
  const auto started = run(broker->start());
  if (!started.has_value() || !started->ok()) {
    error = started.has_value() ? started->error().text : "start does not end";
    return false;
  }
  return true;
}

// Tasks cannot be cut off where they wait: they run to their end on a disk that refuses everything.
void BrokerWorld::crash(Crash how, const std::function<void()>& before) {
  if (shards_ != nullptr) {
    world.files().kill();
    world.files().inject({.operation = sim::Operation::kNames, .times = ~std::uint64_t{0}});
    bool closed = false;
    shards_->close_tasks([&] { closed = true; });
    FIRTH_ASSERT(world.run_until([&] { return closed; }, 100s));
  }
  if (before) before();
  broker.reset();
  shards_.reset();
  how == Crash::kKill ? world.kill() : world.lose_power();
}

}  // namespace firth::broker::test
