// Offsets are committed by several groups at once, and at some moment the process is killed or the power goes: what was acknowledged is
// still there, nothing goes back, and nothing is there that nobody committed.
#include <gtest/gtest.h>

#include <map>

#include "broker/groups.h"
#include "tests/broker/broker_world.h"
#include "tests/sim/seeds.h"

namespace firth::broker {
namespace {

using namespace test;

constexpr std::int32_t kPartitionCount = 3;

class Commits {
 public:
  explicit Commits(std::uint64_t seed) : world_(seed, 1 + seed % 2) {
    world_.prepare = [this](Broker& broker) { groups_ = std::make_unique<Groups>(broker, GroupSettings{}); };
    EXPECT_TRUE(world_.open()) << world_.error;
    EXPECT_TRUE(world_.run(world_.broker->create_topic(world_.shard(), {.name = "orders", .partition_count = kPartitionCount}))->ok());
    EXPECT_TRUE(world_.run(groups_->home(world_.shard(), std::string(kDefaultAccount), PartitionIndex(0), Groups::IfAbsent::kMake))->ok());
  }

  void begin_some() {
    const std::uint64_t count = 1 + random().below(8);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string group = "g" + std::to_string(random().below(4));
      const PartitionIndex partition(static_cast<std::int32_t>(random().below(kPartitionCount)));
      // Always from the same shard: only so do commits arrive in the order in which they were sent.
      const auto from = static_cast<std::uint32_t>(static_cast<std::size_t>(partition.value()) % world_.broker->shard_count());
      Known& known = known_[{group, partition}];
      const Offset offset(++known.last_sent);
      world_.shard(from).shard().loop.post([this, from, group, partition, offset] {
        world_.shard(from).shard().tasks.spawn(commit(world_.shard(from), group, partition, offset));
      });
    }
    world_.world.run_steps(random().below(200));
  }

  void crash() {
    random().below(3) == 0 ? world_.kill() : world_.lose_power();
    ASSERT_TRUE(world_.open()) << world_.error;
    world_.world.run_until_idle();
    check();
  }

 private:
  struct Known {
    std::int64_t last_sent = 0;   // offsets are 1, 2, 3 ...
    std::int64_t last_acked = 0;  // the newest that was acknowledged
    std::int64_t last_read = 0;   // after a crash
  };

  sim::Random& random() { return world_.world.random(); }

  static GroupRef ref(const std::string& group) {
    return {.id = group, .partition = PartitionIndex(static_cast<std::int32_t>(std::hash<std::string>()(group) % kOffsetsPartitions))};
  }

  runtime::Task<> commit(ShardBroker& here, std::string group, PartitionIndex partition, Offset offset) {
    const GroupRef at = ref(group);
    const auto home = co_await groups_->home(here, at.account, at.partition, Groups::IfAbsent::kMake);
    if (!home.ok()) co_return;
    const std::vector<GroupFault> faults =
        co_await on_shard<std::vector<GroupFault>>(here.shard(), (*home)->shard().shard(), [home = *home, at, partition, offset] {
          return home->commit(at, {}, {{.topic = "orders", .partition = partition, .offset = offset}});
        });
    Known& known = known_[{group, partition}];
    if (faults.front() == GroupFault::kNone) known.last_acked = std::max(known.last_acked, offset.value());
  }

  runtime::Task<std::map<std::pair<std::string, PartitionIndex>, std::int64_t>> read(ShardBroker& here) {
    std::map<std::pair<std::string, PartitionIndex>, std::int64_t> found;
    for (int i = 0; i < 4; ++i) {
      const std::string group = "g" + std::to_string(i);
      const GroupRef at = ref(group);
      const auto home = co_await groups_->home(here, at.account, at.partition, Groups::IfAbsent::kLeave);
      if (!home.ok() || *home == nullptr) continue;
      const auto fetched = co_await on_shard<Result<std::vector<FetchedOffset>>>(
          here.shard(), (*home)->shard().shard(), [home = *home, at] { return home->fetch(at, std::nullopt); });
      for (const FetchedOffset& offset : *fetched) found[{group, offset.partition}] = offset.committed->offset.value();
    }
    co_return found;
  }

  void check() {
    const auto found = world_.run(read(world_.shard()));
    ASSERT_TRUE(found.has_value());
    for (auto& [key, known] : known_) {
      const auto at = found->find(key);
      const std::int64_t there = at == found->end() ? 0 : at->second;
      EXPECT_GE(there, known.last_acked) << key.first << " went back";
      EXPECT_GE(there, known.last_read) << key.first << ": what was seen after a crash is gone after another";
      EXPECT_LE(there, known.last_sent) << key.first << ": nobody committed this";
      known.last_read = there;
    }
  }

  BrokerWorld world_;
  std::unique_ptr<Groups> groups_;
  std::map<std::pair<std::string, PartitionIndex>, Known> known_;
};

TEST(GroupCommits, WhatWasAcknowledgedNeverGoesBack) {
  for (const std::uint64_t seed : firth::test::seeds(60)) {
    SCOPED_TRACE(firth::test::replay(seed));
    Commits commits(seed);
    for (int round = 0; round < 4 && !testing::Test::HasFailure(); ++round) {
      for (int i = 0; i < 5; ++i) commits.begin_some();
      commits.crash();
    }
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace firth::broker
