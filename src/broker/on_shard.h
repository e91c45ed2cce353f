// Calling a coroutine on another shard, and waiting for what was decided on a partition to be released.
//
//   const Result<Offset> end = co_await on_shard<Result<Offset>>(here, there, [&] { return partition_end(key); });
//
// `make` runs on the other shard and returns the task that runs there; it captures values, or what waits with the caller. On the caller's
// own shard it is a plain call. Costs two mailbox messages else (decision 0001: about 10 us of CPU when both sleep).
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>

#include "log/partition.h"
#include "runtime/completion.h"
#include "runtime/shard.h"
#include "runtime/task.h"
#include "runtime/task_group.h"

namespace firth::broker {

namespace detail {

template <class T>
struct RemoteCall {
  std::optional<T> value;
  std::coroutine_handle<> waiter;
};

template <class T>
runtime::Task<> run_remote(runtime::Shard& there, ShardIndex back, std::move_only_function<runtime::Task<T>()> make, RemoteCall<T>& call) {
  call.value.emplace(co_await make());
  there.mailbox.post(back, [&call] { call.waiter.resume(); });
}

// For a shard whose own tasks are closed while another's still ask: the call has a group of its own, which goes after it has ended.
template <class T>
runtime::Task<> run_alone(runtime::Shard& there, ShardIndex back, std::move_only_function<runtime::Task<T>()> make, RemoteCall<T>& call,
                          std::unique_ptr<runtime::TaskGroup> group) {
  co_await run_remote<T>(there, back, std::move(make), call);
  there.loop.post([group = std::move(group)] {});
}

template <class T>
void serve_call(runtime::Shard& there, ShardIndex back, std::move_only_function<runtime::Task<T>()> make, RemoteCall<T>& call) {
  if (!there.tasks.closed()) return there.tasks.spawn(run_remote<T>(there, back, std::move(make), call));
  auto group = std::make_unique<runtime::TaskGroup>();
  runtime::TaskGroup& alone = *group;
  alone.spawn(run_alone<T>(there, back, std::move(make), call, std::move(group)));
}

}  // namespace detail

template <class T>
runtime::Task<T> on_shard(runtime::Shard& here, runtime::Shard& there, std::move_only_function<runtime::Task<T>()> make) {
  if (here.index == there.index) co_return co_await make();
  detail::RemoteCall<T> call;
  struct Awaiter {
    runtime::Shard& here;
    runtime::Shard& there;
    std::move_only_function<runtime::Task<T>()>& make;
    detail::RemoteCall<T>& call;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
      call.waiter = waiter;
      here.mailbox.post(there.index, [&there = there, back = here.index, make = std::move(make), &call = call]() mutable {
        detail::serve_call<T>(there, back, std::move(make), call);
      });
    }
    void await_resume() const {}
  };
  co_await Awaiter{here, there, make, call};
  co_return std::move(*call.value);
}

// Resumes when all that was decided so far on a partition, or a stream, is released. On its shard.
template <class Log>
runtime::Task<Result<void>> released(Log& log) {
  runtime::Completion<> done;
  log.when_released([fulfil = done.fulfiller()](const Result<void>& result) mutable { fulfil(result); });
  co_return co_await done;
}

}  // namespace firth::broker
