// What coroutines wait for most: a time, and a piece of work on another thread.
#pragma once

#include <optional>
#include <type_traits>

#include "base/result.h"
#include "runtime/cancellation.h"
#include "runtime/loop.h"
#include "runtime/task.h"
#include "runtime/worker_pool.h"

namespace firth::runtime {

// co_await sleep_until(loop, time): on the loop's thread. With a cancellation: kCancelled if that was requested before.
inline auto sleep_until(Loop& loop, MonotonicTime time) {
  struct Awaiter {
    Loop& loop;
    MonotonicTime time;
    bool await_ready() { return time <= loop.now(); }
    void await_suspend(std::coroutine_handle<> waiter) {
      loop.schedule(time, [waiter] { waiter.resume(); });
    }
    void await_resume() {}
  };
  return Awaiter{loop, time};
}
Task<Result<void>> sleep_until(Loop& loop, MonotonicTime time, Cancellation& cancellation);

// co_await on_worker(pool, home, work): runs `work` on a worker and gives its value back on `home`, which has to be the executor that the
// coroutine runs on. Not cancelled: what has begun ends. `work` captures values, or what waits with the coroutine.
template <class Work>
auto on_worker(WorkerPool& pool, Executor& home, Work work) {
  using Value = std::invoke_result_t<Work&>;
  struct Nothing {};
  struct Awaiter {
    WorkerPool& pool;
    Executor& home;
    Work work;
    std::optional<std::conditional_t<std::is_void_v<Value>, Nothing, Value>> value{};

    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
      pool.submit([this] { run(); }, home, [waiter] { waiter.resume(); });
    }
    Value await_resume() {
      if constexpr (!std::is_void_v<Value>) return std::move(*value);
    }
    void run() {
      if constexpr (std::is_void_v<Value>) work();
      else value.emplace(work());
    }
  };
  return Awaiter{pool, home, std::move(work)};
}

}  // namespace firth::runtime
