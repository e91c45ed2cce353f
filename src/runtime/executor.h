// Something that runs jobs, one at a time, in the order in which they were posted: a shard's loop, the commit thread, a worker. Holding
// an Executor is how code names a thread without knowing one; in simulation all of them are queues of one seeded scheduler.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace firth::runtime {

using Job = std::move_only_function<void()>;

class Executor {
 public:
  virtual ~Executor() = default;

  // From any thread. Jobs of one poster run in its order. Jobs posted after stopping began are destroyed without being run.
  virtual void post(Job job) = 0;
};

// A thread of its own that runs what is posted to it; the destructor runs what was posted before and joins.
std::unique_ptr<Executor> make_thread(std::string_view name);

}  // namespace firth::runtime
