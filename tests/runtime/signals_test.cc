#include "runtime/signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <semaphore>

namespace firth::runtime {
namespace {

TEST(Signals, AreCallsOnTheExecutorThatWasNamed) {
  const auto home = make_thread("home");
  std::vector<int> received;
  std::counting_semaphore<4> arrived(0);
  {
    const auto watch = watch_signals({SIGTERM, SIGINT}, *home, [&](int signal) {
      received.push_back(signal);
      arrived.release();
    });
    for (const int signal : {SIGTERM, SIGINT, SIGTERM}) {
      ASSERT_EQ(::kill(::getpid(), signal), 0);
      arrived.acquire();
    }
  }
  EXPECT_EQ(received, (std::vector{SIGTERM, SIGINT, SIGTERM}));
  sigset_t blocked;
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, nullptr, &blocked), 0);
  EXPECT_EQ(sigismember(&blocked, SIGTERM), 0);
}

}  // namespace
}  // namespace firth::runtime
