// A small bounded pool for what blocks or takes over 200 us: password hashes, cleaning, checkpoint syncs, large decompressions. A job
// takes values and returns a value; what is to be done with it runs on the shard that asked. In simulation jobs run in seeded order.
#pragma once

#include <memory>

#include "runtime/executor.h"

namespace firth::runtime {

class WorkerPool {
 public:
  virtual ~WorkerPool() = default;  // runs what was submitted, then joins

  // `work` runs on some worker; `done`, if set, is then posted to `home`.
  virtual void submit(Job work, Executor& home, Job done) = 0;
};

std::unique_ptr<WorkerPool> make_worker_pool(int thread_count);

}  // namespace firth::runtime
