#include "tests/broker/broker_world.h"

namespace firth::broker::test {

bool BrokerWorld::open() {
  std::vector<runtime::LoopThread*> loops;
  for (std::size_t i = 0; i < shard_count_; ++i) loops.push_back(&world.loop("shard" + std::to_string(i)));
  shards_ = std::make_unique<runtime::Shards>(loops, world.clock());
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

void BrokerWorld::close() {
  if (shards_ == nullptr) return;
  bool closed = false;
  shards_->close_tasks([&] { closed = true; });
  world.run_until([&] { return closed; }, 10s);
  broker.reset();
  shards_.reset();
}

}  // namespace firth::broker::test
