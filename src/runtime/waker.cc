#include "runtime/waker.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <cstdint>

#include "base/assert.h"

namespace firth::runtime {

Waker::Waker() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { FIRTH_ASSERT(descriptor_.valid()); }

void Waker::wake() {
  if (!asleep_.load(std::memory_order_seq_cst) || !asleep_.exchange(false, std::memory_order_seq_cst)) return;
  const std::uint64_t one = 1;
  const ssize_t written = ::write(descriptor_.get(), &one, sizeof one);
  FIRTH_ASSERT(written == sizeof one);  // the counter is read at each wake-up: it cannot be full
}

void Waker::wait() {
  pollfd wanted{.fd = descriptor_.get(), .events = POLLIN, .revents = 0};
  const int ready = ::poll(&wanted, 1, -1);
  FIRTH_ASSERT(ready == 1 || errno == EINTR);
  drain();
}

void Waker::drain() {
  std::uint64_t count;
  const ssize_t got = ::read(descriptor_.get(), &count, sizeof count);
  FIRTH_ASSERT(got == sizeof count || errno == EAGAIN || errno == EINTR);
}

}  // namespace firth::runtime
