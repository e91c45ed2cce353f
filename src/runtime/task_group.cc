#include "runtime/task_group.h"

namespace firth::runtime {

void TaskGroup::spawn(Task<> task) {
  FIRTH_ASSERT(!closed_);
  ++running_;
  run(*this, std::move(task));
}

TaskGroup::Running TaskGroup::run(TaskGroup& group, Task<> task) {
  {
    Task<> mine = std::move(task);  // its frame, and what that holds, goes before the group's owner can
    co_await std::move(mine);
  }
  group.ended();
}

void TaskGroup::ended() {
  FIRTH_ASSERT(running_ > 0);
  --running_;
  if (running_ == 0 && waiter_) std::exchange(waiter_, {}).resume();  // the group may be gone when this returns
}

}  // namespace firth::runtime
