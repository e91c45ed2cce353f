#include "runtime/shard.h"

#include <algorithm>
#include <semaphore>

#include "base/assert.h"

namespace firth::runtime {

struct Shards::Place {
  Place(ShardIndex index, LoopThread& own, std::vector<Loop*> all, Clock& clock, MemoryGovernor& memory)
      : loop(own), mailbox(own, std::move(all)), shard{index, own, clock, mailbox, tasks, counters, memory} {}

  LoopThread& loop;
  Mailbox mailbox;
  TaskGroup tasks;
  TaskGroup closing;  // the task that waits for the others
  Counters counters;
  Shard shard;
  alignas(64) std::atomic<std::size_t> connections{0};
};

Shards::Shards(const std::vector<LoopThread*>& loops, Clock& clock, MemoryGovernor& memory, std::size_t connections_per_shard)
    : memory_(memory), connections_per_shard_(connections_per_shard) {
  FIRTH_ASSERT(!loops.empty());
  const std::vector<Loop*> all(loops.begin(), loops.end());
  for (std::uint32_t i = 0; i < loops.size(); ++i)
    places_.push_back(std::make_unique<Place>(ShardIndex(i), *loops[i], all, clock, memory_));
}

Shards::~Shards() = default;

Shard& Shards::operator[](ShardIndex index) { return places_.at(index.value())->shard; }

void Shards::start() {
  for (const auto& place : places_) place->loop.start();
}

Task<> Shards::close_tasks_of(Place& place) {
  co_await place.tasks.close();
  if (open_groups_.fetch_sub(1, std::memory_order_acq_rel) == 1) closed_();
}

// All loops run on while tasks end: one of one shard may wait for another's answer.
void Shards::close_tasks(Job closed) {
  closed_ = std::move(closed);
  open_groups_.store(places_.size(), std::memory_order_release);
  for (const auto& place : places_) {
    place->loop.post([this, &place = *place] {
      place.tasks.cancel();
      place.closing.spawn(close_tasks_of(place));
    });
  }
}

void Shards::stop() {
  std::binary_semaphore closed(0);
  close_tasks([&closed] { closed.release(); });
  closed.acquire();
  for (const auto& place : places_) place->loop.stop();
}

ShardIndex Shards::place_connection() {
  const auto count = [](const auto& place) { return place->connections.load(std::memory_order_relaxed); };
  auto chosen = std::ranges::find_if(places_, [&](const auto& place) { return count(place) < connections_per_shard_; });
  if (chosen == places_.end()) chosen = std::ranges::min_element(places_, {}, count);
  (*chosen)->connections.fetch_add(1, std::memory_order_relaxed);
  return (*chosen)->shard.index;
}

void Shards::release_connection(ShardIndex index) {
  const std::size_t before = places_.at(index.value())->connections.fetch_sub(1, std::memory_order_relaxed);
  FIRTH_ASSERT(before > 0);
}

std::uint64_t Shards::sum(Counter counter) const {
  std::uint64_t sum = 0;
  for (const auto& place : places_) sum += place->counters.get(counter);
  return sum;
}

}  // namespace firth::runtime
