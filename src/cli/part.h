// A part of the server: NATS, monitoring, the log, a face. The server starts its parts in order and stops them in reverse; each is
// destroyed after all loops have stopped.
#pragma once

#include "base/result.h"

namespace firth::cli {

class Part {
 public:
  virtual ~Part() = default;

  // On the main thread, before the loops run, in the order of the parts: what must be there before anything happens on a shard.
  virtual Result<void> prepare() { return {}; }
  // On the main thread, with the loops running: what belongs to a shard is done there (Core::run_on). After an error stop() is not called.
  virtual Result<void> start() = 0;
  // No new work is taken, and what clients hold open is closed. The loops still run; tasks of the shards are ended after it.
  virtual void stop() = 0;
};

}  // namespace firth::cli
