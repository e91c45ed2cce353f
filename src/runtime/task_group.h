// The tasks that an owner (a session, a partition, a shard) has started and does not await one by one. Before the owner goes it closes the
// group and waits for the rest; cancel() asks them to hurry. One thread's.
#pragma once

#include <cstddef>

#include "runtime/cancellation.h"
#include "runtime/task.h"

namespace firth::runtime {

class TaskGroup {
 public:
  TaskGroup() = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup() { FIRTH_ASSERT(running_ == 0); }

  // Runs the task until it waits for the first time. REQUIRES: not closed.
  void spawn(Task<> task);
  std::size_t size() const { return running_; }
  bool closed() const { return closed_; }

  // Asks all tasks to end: what they wait for answers kCancelled, if it takes part (cancellation.h).
  void cancel() { cancellation_.request(); }
  Cancellation& cancellation() { return cancellation_; }

  // co_await group.close(): from now on nothing may be spawned; resumes when the last task has ended. Awaited once. The group may be
  // destroyed right after it.
  auto close() {
    struct Awaiter {
      TaskGroup& group;
      bool await_ready() { return group.running_ == 0; }
      void await_suspend(std::coroutine_handle<> waiter) { group.waiter_ = waiter; }
      void await_resume() {}
    };
    FIRTH_ASSERT(!closed_);
    closed_ = true;
    return Awaiter{*this};
  }

 private:
  // The other coroutine type: nobody holds it, it runs at once and goes when it ends.
  struct Running {
    struct promise_type {
      Running get_return_object() { return {}; }
      std::suspend_never initial_suspend() noexcept { return {}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() {}
      void unhandled_exception() noexcept { std::terminate(); }
    };
  };
  static Running run(TaskGroup& group, Task<> task);
  void ended();

  Cancellation cancellation_;
  std::size_t running_ = 0;
  bool closed_ = false;
  std::coroutine_handle<> waiter_;
};

}  // namespace firth::runtime
