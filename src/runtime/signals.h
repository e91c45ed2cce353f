// Signals of the operator, as jobs on a loop. A thread of its own waits for them: no handler runs in the middle of anything.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "runtime/executor.h"

namespace firth::runtime {

class SignalWatch {
 public:
  virtual ~SignalWatch() = default;  // signals are handled by the system's default again
};

// From now on each of these signals that the process gets is a call of `received` on `home`. REQUIRES: called on the main thread, before
// threads are made by others than runtime (those of runtime block every signal). SIGPIPE needs no watch: no write of ours raises it.
std::unique_ptr<SignalWatch> watch_signals(const std::vector<int>& signals, Executor& home, std::function<void(int)> received);

}  // namespace firth::runtime
