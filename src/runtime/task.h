// Task<T>: a coroutine that waits for something: a request, a start, a replication. It is lazy (nothing runs before it is awaited), ends by
// symmetric transfer (a million ready awaits in a loop take no stack), and is awaited exactly once.
//
//   Task<Result<Offset>> erase(Context& context, Name name);     parameters are values, or outlive the request
//   const Result<Offset> end = co_await erase(context, name);
//
// Everything of a task runs on the thread that resumes it: a shard's. Who does not await one hands it to a TaskGroup (task_group.h). A
// frame that waits is never destroyed: cancelling is a request, after which it ends by itself. No lambda with captures is a coroutine.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "base/assert.h"

namespace firth::runtime {

template <class T = void>
class Task;

namespace detail {

class TaskPromiseBase {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }
  auto final_suspend() noexcept {
    struct Continue {
      std::coroutine_handle<> next;
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<>) noexcept { return next; }
      void await_resume() noexcept {}
    };
    return Continue{continuation_};
  }
  void unhandled_exception() noexcept { std::terminate(); }  // our code throws none

  void set_continuation(std::coroutine_handle<> continuation) {
    FIRTH_ASSERT(!continuation_);  // awaited once
    continuation_ = continuation;
  }
  bool started() const { return static_cast<bool>(continuation_); }

 private:
  std::coroutine_handle<> continuation_;
};

template <class T>
class TaskPromise : public TaskPromiseBase {
 public:
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T result() { return std::move(*value_); }

 private:
  std::optional<T> value_;
};

template <>
class TaskPromise<void> : public TaskPromiseBase {
 public:
  Task<void> get_return_object();
  void return_void() {}
  void result() {}
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;

  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~Task() {
    if (!frame_) return;
    FIRTH_ASSERT(frame_.done() || !frame_.promise().started());
    frame_.destroy();
  }

  auto operator co_await() && {
    struct Awaiter {
      std::coroutine_handle<promise_type> frame;
      bool await_ready() { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) {
        frame.promise().set_continuation(waiter);
        return frame;
      }
      T await_resume() { return frame.promise().result(); }
    };
    return Awaiter{frame_};
  }

 private:
  std::coroutine_handle<promise_type> frame_;
};

template <class T>
Task<T> detail::TaskPromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}
inline Task<void> detail::TaskPromise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

}  // namespace firth::runtime
