// Completion<T>: what a coroutine awaits and a callback fulfils, once, on the same thread.
//
//   Completion<Offset> done;
//   partition.when_released(offset, [fulfil = done.fulfiller()](Offset end) mutable { fulfil(end); });
//   Cancellation::Callback stop(group.cancellation(), [&done] { done.cancel(); });
//   const Result<Offset> end = co_await done;
//
// The first of fulfilling, cancelling and dropping the fulfiller decides; the last two are kCancelled. The waiter runs inside that call,
// so it is the last thing that a callback does. Either end may go first: a fulfiller whose completion has gone does nothing.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/result.h"

namespace firth::runtime {

template <class T = void>
class Completion {
 public:
  class Fulfiller {
   public:
    explicit Fulfiller(Completion& completion) : completion_(&completion) { completion.fulfiller_ = this; }
    Fulfiller(Fulfiller&& other) noexcept : completion_(std::exchange(other.completion_, nullptr)) {
      if (completion_ != nullptr) completion_->fulfiller_ = this;
    }
    Fulfiller& operator=(Fulfiller&&) = delete;
    ~Fulfiller() {
      if (completion_ != nullptr) completion_->cancel();
    }
    void operator()(Result<T> result) {
      if (completion_ != nullptr) completion_->settle(std::move(result));
    }

   private:
    friend class Completion;
    Completion* completion_;
  };

  Completion() = default;
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;
  ~Completion() {
    FIRTH_ASSERT(!waiter_);
    if (fulfiller_ != nullptr) fulfiller_->completion_ = nullptr;
  }

  Fulfiller fulfiller() {
    FIRTH_ASSERT(fulfiller_ == nullptr && !result_);
    return Fulfiller(*this);
  }
  void cancel() { settle(Error{Errc::kCancelled, "cancelled"}); }

  bool await_ready() const { return result_.has_value(); }
  void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }
  Result<T> await_resume() { return std::move(*result_); }

 private:
  void settle(Result<T> result) {
    if (fulfiller_ != nullptr) std::exchange(fulfiller_, nullptr)->completion_ = nullptr;
    if (result_) return;
    result_.emplace(std::move(result));
    if (waiter_) std::exchange(waiter_, {}).resume();  // this object may be gone when it returns
  }

  Fulfiller* fulfiller_ = nullptr;
  std::optional<Result<T>> result_;
  std::coroutine_handle<> waiter_;
};

}  // namespace firth::runtime
