#include "kafka/handlers/fetch_watch.h"

#include <deque>
#include <map>
#include <utility>

#include "runtime/completion.h"
#include "runtime/task_group.h"

namespace firth::kafka {
namespace {

// The partitions of one shard; used there only, while its owner waits.
class Watch {
 public:
  Watch(broker::ShardBroker& home, std::vector<Watched> watched) : home_(home), watched_(std::move(watched)) {}

  broker::ShardBroker& home() { return home_; }

  runtime::Task<bool> wait() {
    for (const Watched& one : watched_) {
      log::Partition* partition = one.place.partition();
      if (partition == nullptr || partition->high_watermark() != one.seen) done_.cancel();
      else observers_.emplace_back(*partition, done_);
    }
    (void)(co_await done_).ok();  // what has changed is for the next read to see
    observers_.clear();
    co_return true;
  }
  runtime::Task<bool> stop() {
    done_.cancel();
    co_return true;
  }

 private:
  class Observer final : public log::PartitionObserver {
   public:
    Observer(log::Partition& partition, runtime::Completion<>& done) : partition_(&partition), done_(done) {
      partition.add_observer(*this);
    }
    ~Observer() override {
      if (partition_ != nullptr) partition_->remove_observer(*this);
    }
    void on_released() override { done_.cancel(); }
    void on_dead() override {
      std::exchange(partition_, nullptr)->remove_observer(*this);
      done_.cancel();
    }

   private:
    log::Partition* partition_;
    runtime::Completion<>& done_;
  };

  broker::ShardBroker& home_;
  const std::vector<Watched> watched_;
  runtime::Completion<> done_;
  std::deque<Observer> observers_;
};

// What one wait consists of: a watch on each shard, a timer and the cancellation; the first ends the others.
struct Wait {
  const Context& context;
  std::deque<Watch> watches;
  runtime::TaskGroup group;
  runtime::Completion<> first;  // that has ended

  void end() { first.cancel(); }
  runtime::Task<> stop(Watch& watch) {
    co_await broker::on_shard<bool>(context.shard(), watch.home().shard(), [&watch] { return watch.stop(); });
  }
  runtime::Task<> wait(Watch& watch) {
    co_await broker::on_shard<bool>(context.shard(), watch.home().shard(), [&watch] { return watch.wait(); });
    end();
  }
};

}  // namespace

runtime::Task<> wait_for_change(const Context& context, std::vector<Watched> watched, runtime::MonotonicTime deadline) {
  std::map<std::uint32_t, std::vector<Watched>> by_shard;
  for (Watched& one : watched) by_shard[one.place.home->shard().index.value()].push_back(std::move(one));
  Wait wait{.context = context};
  for (auto& [shard, of_shard] : by_shard) {
    broker::ShardBroker& home = *of_shard.front().place.home;
    wait.watches.emplace_back(home, std::move(of_shard));
  }
  runtime::Loop& loop = context.shard().loop;
  const runtime::TimerId timer = loop.schedule(deadline, [&wait] { wait.end(); });
  {
    const runtime::Cancellation::Callback cancelled(context.cancellation, [&wait] { wait.end(); });
    for (Watch& watch : wait.watches) wait.group.spawn(wait.wait(watch));
    (void)(co_await wait.first).ok();
  }
  loop.cancel(timer);
  for (Watch& watch : wait.watches) wait.group.spawn(wait.stop(watch));
  co_await wait.group.close();
}

}  // namespace firth::kafka
