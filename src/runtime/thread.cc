#include "runtime/thread.h"

#include <pthread.h>

#include <csignal>
#include <string>

#include "base/assert.h"

namespace firth::runtime {

std::thread start_thread(std::string_view name, Job body) {
  constexpr std::size_t kLongestName = 15;  // the kernel's limit
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  FIRTH_ASSERT(::pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
  std::thread thread(std::move(body));  // inherits the mask
  FIRTH_ASSERT(::pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
  ::pthread_setname_np(thread.native_handle(), std::string(name.substr(0, kLongestName)).c_str());
  return thread;
}

}  // namespace firth::runtime
