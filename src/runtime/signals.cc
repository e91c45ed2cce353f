#include "runtime/signals.h"

#include <pthread.h>

#include <atomic>
#include <csignal>

#include "base/assert.h"
#include "runtime/thread.h"

namespace firth::runtime {
namespace {

class WaitingThread final : public SignalWatch {
 public:
  WaitingThread(const std::vector<int>& signals, Executor& home, std::function<void(int)> received)
      : home_(home), received_(std::move(received)) {
    FIRTH_ASSERT(!signals.empty());
    sigemptyset(&watched_);
    for (const int signal : signals) sigaddset(&watched_, signal);
    FIRTH_ASSERT(::pthread_sigmask(SIG_BLOCK, &watched_, &before_) == 0);
    wake_with_ = signals.front();
    thread_ = start_thread("signals", [this] { run(); });
  }

  ~WaitingThread() override {
    stopping_.store(true, std::memory_order_release);
    ::pthread_kill(thread_.native_handle(), wake_with_);  // to that thread alone
    thread_.join();
    FIRTH_ASSERT(::pthread_sigmask(SIG_SETMASK, &before_, nullptr) == 0);
  }

 private:
  void run() {
    for (;;) {
      int signal = 0;
      FIRTH_ASSERT(::sigwait(&watched_, &signal) == 0);
      if (stopping_.load(std::memory_order_acquire)) return;
      home_.post([received = received_, signal] { received(signal); });
    }
  }

  Executor& home_;
  const std::function<void(int)> received_;
  sigset_t watched_;
  sigset_t before_;
  int wake_with_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace

std::unique_ptr<SignalWatch> watch_signals(const std::vector<int>& signals, Executor& home, std::function<void(int)> received) {
  return std::make_unique<WaitingThread>(signals, home, std::move(received));
}

}  // namespace firth::runtime
