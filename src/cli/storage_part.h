// The log and the broker over it as a part of the server: recovered before the loops run, stopped last, with everything checkpointed.
#pragma once

#include <memory>

#include "broker/broker.h"
#include "cli/core.h"
#include "cli/part.h"
#include "runtime/executor.h"
#include "runtime/worker_pool.h"

namespace firth::cli {

class StoragePart final : public Part {
 public:
  explicit StoragePart(Core& core);
  ~StoragePart() override;
  Result<void> prepare() override;
  Result<void> start() override;
  void stop() override;

  // After prepare().
  broker::Broker& broker() { return *broker_; }
  const broker::Broker& broker() const { return *broker_; }

 private:
  Core& core_;
  // Ended in the reverse of this order: each runs what was posted to it, which may post to those before it and uses the broker.
  std::unique_ptr<broker::Broker> broker_;
  const std::unique_ptr<runtime::Executor> commit_thread_;
  const std::unique_ptr<runtime::Executor> checkpoint_thread_;
  const std::unique_ptr<runtime::WorkerPool> workers_;
};

}  // namespace firth::cli
