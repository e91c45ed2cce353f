#include "runtime/await.h"

#include "runtime/completion.h"

namespace firth::runtime {

Task<Result<void>> sleep_until(Loop& loop, MonotonicTime time, Cancellation& cancellation) {
  Completion<> done;
  const TimerId timer = loop.schedule(time, [fulfil = done.fulfiller()]() mutable { fulfil({}); });
  const Cancellation::Callback stop(cancellation, [&done] { done.cancel(); });
  Result<void> result = co_await done;
  loop.cancel(timer);
  co_return result;
}

}  // namespace firth::runtime
