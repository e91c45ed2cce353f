// A thread that runs what is posted to it: the commit thread.
#include "runtime/executor.h"
#include "runtime/job_queue.h"
#include "runtime/thread.h"
#include "runtime/waker.h"

namespace firth::runtime {
namespace {

class ThreadExecutor final : public Executor {
 public:
  explicit ThreadExecutor(std::string_view name) : thread_(start_thread(name, [this] { run(); })) {}

  // The stop is a job too: what was posted before it runs, what comes after it is destroyed.
  ~ThreadExecutor() override {
    post([this] { stopping_ = true; });
    thread_.join();
  }

  void post(Job job) override {
    jobs_.push(std::move(job));
    waker_.wake();
  }

 private:
  void run() {
    while (!stopping_) {
      waker_.before_sleep();
      if (jobs_.empty()) waker_.wait();
      waker_.after_sleep();
      for (JobQueue::List jobs = jobs_.take_all(); !jobs.empty() && !stopping_;) jobs.pop()();
    }
    jobs_.close();
  }

  JobQueue jobs_;
  Waker waker_;
  bool stopping_ = false;  // the thread's own
  std::thread thread_;     // last: it uses the others
};

}  // namespace

std::unique_ptr<Executor> make_thread(std::string_view name) { return std::make_unique<ThreadExecutor>(name); }

}  // namespace firth::runtime
