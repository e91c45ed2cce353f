// The simulated world: the same seed is the same run; every order of steps that threads could take is taken by some seed.
#include "tests/sim/world.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/sim/seeds.h"

namespace firth::sim {
namespace {

using namespace std::chrono_literals;
using runtime::TurnStage;

// A little of everything: jobs that post to each other, timers, a worker, a file.
std::uint64_t hash_of_a_run(std::uint64_t seed) {
  World world(seed);
  auto file = *world.files().open("f", runtime::OpenMode::kCreate);
  Loop& loop = world.loop("shard0");
  for (int i = 0; i < 20; ++i) {
    loop.schedule(loop.now() + 1ms * i, [&] {
      const std::byte byte{1};
      const ByteView part(&byte, 1);
      *file->write_at(world.random().below(100), std::span(&part, 1));
      world.thread("commit").post([&] { *file->sync_data(); });
      world.workers().submit([] {}, loop, [] {});
    });
  }
  world.run_for(1s);
  world.lose_power();
  return world.trace_hash();
}

TEST(SimWorld, SameSeedIsTheSameRun) {
  std::set<std::uint64_t> hashes;
  for (const std::uint64_t seed : test::seeds(50)) {
    SCOPED_TRACE(test::replay(seed));
    const std::uint64_t hash = hash_of_a_run(seed);
    EXPECT_EQ(hash, hash_of_a_run(seed));
    hashes.insert(hash);
  }
  EXPECT_EQ(hashes.size(), test::seeds(50).size());
}

TEST(SimWorld, JobsOfOneExecutorKeepTheirOrderThoseOfTwoDoNot) {
  std::set<std::string> orders;
  for (const std::uint64_t seed : test::seeds(200)) {
    World world(seed);
    std::string order;
    for (const char c : {'a', 'b'}) world.loop("shard0").post([&order, c] { order += c; });
    for (const char c : {'x', 'y'}) world.thread("commit").post([&order, c] { order += c; });
    world.run_until_idle();
    orders.insert(order);
  }
  EXPECT_EQ(orders, (std::set<std::string>{"abxy", "axby", "axyb", "xaby", "xayb", "xyab"}));
}

TEST(SimWorld, WorkersOvertakeEachOtherAndReportHome) {
  std::set<std::string> orders;
  for (const std::uint64_t seed : test::seeds(100)) {
    World world(seed);
    std::string order;
    for (const char c : {'a', 'b', 'c'}) world.workers().submit([] {}, world.loop("shard0"), [&order, c] { order += c; });
    world.workers().submit([] {}, world.loop("shard0"), nullptr);
    world.run_until_idle();
    orders.insert(order);
  }
  EXPECT_EQ(orders, (std::set<std::string>{"abc", "acb", "bac", "bca"}));  // two threads: c is never first
}

TEST(SimWorld, TimersRunAtTheirTimeUnlessCancelled) {
  World world(1);
  Loop& loop = world.loop("shard0");
  const auto start = loop.now();
  std::string order;
  loop.schedule(start + 3s, [&] { order += "3"; });
  const auto cancelled = loop.schedule(start + 2s, [&] { order += "2"; });
  loop.schedule(start + 1s, [&] {
    order += "1";
    loop.cancel(cancelled);
    EXPECT_EQ(loop.now(), start + 1s);
  });
  loop.cancel({});
  world.run_until_idle();
  EXPECT_EQ(order, "");
  EXPECT_TRUE(world.run_until([&] { return order == "1"; }, 10s));
  EXPECT_FALSE(world.run_until([&] { return order == "12"; }, 1500ms));
  EXPECT_EQ(world.clock().monotonic(), start + 2500ms);
  world.run_for(10s);
  EXPECT_EQ(order, "13");
  loop.cancel(cancelled);
}

// Records the order of a turn's parts.
class Recorder final : public runtime::TurnEndHook {
 public:
  Recorder(std::string& record, char letter) : record_(record), letter_(letter) {}
  void on_turn_end() override {
    record_ += letter_;
    if (then) then();
  }
  std::function<void()> then;

 private:
  std::string& record_;
  char letter_;
};

TEST(SimWorld, TurnEndsWithItsStagesInOrder) {
  World world(1);
  Loop& loop = world.loop("shard0");
  std::string record;
  Recorder mailboxes(record, 'm'), commit(record, 'c');
  loop.set_turn_end_hook(TurnStage::kMailboxes, mailboxes);
  loop.set_turn_end_hook(TurnStage::kCommit, commit);
  loop.post([&] {
    loop.request_turn_end(TurnStage::kCommit);
    loop.request_turn_end(TurnStage::kMailboxes);
  });
  world.run_until_idle();
  EXPECT_EQ(record, "mc");

  record.clear();
  mailboxes.then = [&] { loop.request_turn_end(TurnStage::kCommit); };
  commit.then = [&] {
    if (record.size() < 4) loop.request_turn_end(TurnStage::kMailboxes);  // what a commit releases goes out in the same turn
  };
  loop.post([&] { loop.request_turn_end(TurnStage::kMailboxes); });
  world.run_until_idle();
  EXPECT_EQ(record, "mcmc");
}

TEST(SimWorld, TurnTakesAtMostSoManyEvents) {
  std::set<int> lengths;
  for (const std::uint64_t seed : test::seeds(400)) {
    World world(seed);
    Loop& loop = world.loop("shard0");
    int events = 0;
    std::string record;
    Recorder commit(record, 'c');
    commit.then = [&] { lengths.insert(std::exchange(events, 0)); };
    loop.set_turn_end_hook(TurnStage::kCommit, commit);
    for (int i = 0; i < 1000; ++i)
      loop.post([&] {
        ++events;
        loop.request_turn_end(TurnStage::kCommit);
      });
    world.run_until_idle();
    EXPECT_EQ(events, 0);
  }
  EXPECT_GT(lengths.size(), 10u);
  EXPECT_LE(*lengths.rbegin(), runtime::kMaxTurnEvents);
}

TEST(SimWorld, WallClockJumpsButNotBackwardsWithinALoop) {
  World world(1);
  Loop& loop = world.loop("shard0");
  const auto read = [&] {
    runtime::WallTime result;
    loop.post([&] { result = loop.wall_now(); });
    world.run_until_idle();
    return result;
  };
  const auto first = read();
  const auto monotonic = world.clock().monotonic();
  world.jump_wall(-1h);
  EXPECT_EQ(read(), first);
  EXPECT_EQ(world.clock().wall(), first - 1h);
  world.run_for(30min);
  EXPECT_EQ(read(), first);
  world.run_for(31min);
  EXPECT_EQ(read(), first + 1min);
  world.jump_wall(24h);
  EXPECT_EQ(read(), first + 1min + 24h);
  EXPECT_EQ(world.clock().monotonic(), monotonic + 61min);
}

TEST(SimWorld, StalledDiskHoldsUpItsThreadAndNoOther) {
  World world(1);
  auto file = *world.files().open("f", runtime::OpenMode::kCreate);
  world.files().inject({.operation = Operation::kSyncData, .effect = Effect::kStall, .stall = 5s});
  const auto start = world.clock().monotonic();
  runtime::MonotonicTime synced, next, other;
  world.thread("commit").post([&] {
    *file->sync_data();
    world.loop("shard0").post([&] { synced = world.clock().monotonic(); });
  });
  world.thread("commit").post([&] { next = world.clock().monotonic(); });
  world.loop("shard0").schedule(start + 1s, [&] { other = world.clock().monotonic(); });
  world.run_for(10s);
  EXPECT_EQ(synced, start + 5s);
  EXPECT_EQ(next, start + 5s);
  EXPECT_EQ(other, start + 1s);
}

TEST(SimWorld, KillEndsEveryExecutorAndKeepsThePageCache) {
  World world(1);
  Loop& old_loop = world.loop("shard0");
  auto file = *world.files().open("f", runtime::OpenMode::kCreate);
  const ByteView part = as_bytes("written");
  *file->write_at(0, std::span(&part, 1));
  int runs = 0;
  old_loop.post([&] { ++runs; });
  old_loop.schedule(old_loop.now() + 1s, [&] { ++runs; });
  world.thread("commit").post([&] { ++runs; });
  world.kill();
  old_loop.post([&] { ++runs; });
  world.run_for(10s);
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(as_text(*world.files().content("f")), "written");

  Loop& loop = world.loop("shard0");
  EXPECT_NE(&loop, &old_loop);
  loop.post([&] { ++runs; });
  world.run_until_idle();
  EXPECT_EQ(runs, 1);
}

TEST(SimWorld, HaltInsideAWriteStopsTheRunWhereItIs) {
  World world(1);
  auto file = *world.files().open("f", runtime::OpenMode::kCreate);
  world.files().inject({.nth = 3, .effect = Effect::kHalt});
  int written = 0;
  for (int i = 0; i < 10; ++i)
    world.thread("commit").post([&] {
      const ByteView part = as_bytes("x");
      if (file->write_at(0, std::span(&part, 1)).ok()) ++written;
    });
  EXPECT_FALSE(world.run_until([&] { return written == 10; }, 1s));
  EXPECT_EQ(written, 2);
  world.lose_power();
  EXPECT_TRUE(world.run_until([&] { return true; }, 1s));
}

}  // namespace
}  // namespace firth::sim
