// One queue for all workers, under a mutex: a job takes 200 us or more, the lock a few hundred nanoseconds, and whoever is free takes next.
#include "runtime/worker_pool.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "base/assert.h"
#include "runtime/thread.h"

namespace firth::runtime {
namespace {

class ThreadPool final : public WorkerPool {
 public:
  explicit ThreadPool(int thread_count) {
    FIRTH_ASSERT(thread_count > 0);
    for (int i = 0; i < thread_count; ++i) threads_.push_back(start_thread("worker-" + std::to_string(i), [this] { run(); }));
  }

  ~ThreadPool() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void submit(Job work, Executor& home, Job done) override {
    {
      const std::lock_guard lock(mutex_);
      FIRTH_ASSERT(!stopping_);
      waiting_.push_back({std::move(work), &home, std::move(done)});
    }
    changed_.notify_one();
  }

 private:
  struct Entry {
    Job work;
    Executor* home;
    Job done;
  };

  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      Entry entry = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      entry.work();
      entry.work = nullptr;  // what it holds is given back here, not on whichever thread runs `done`
      if (entry.done) entry.home->post(std::move(entry.done));
      lock.lock();
    }
  }

  std::mutex mutex_;  // guards waiting_ and stopping_
  std::condition_variable changed_;
  std::deque<Entry> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<WorkerPool> make_worker_pool(int thread_count) { return std::make_unique<ThreadPool>(thread_count); }

}  // namespace firth::runtime
