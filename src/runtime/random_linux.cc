// Random numbers from the kernel.
#include <sys/random.h>

#include <cerrno>

#include "base/assert.h"
#include "runtime/random.h"

namespace firth::runtime {
namespace {

// Unbuffered: what is drawn here are ids and nonces, and a buffer would be shared by threads and left behind in core dumps.
class LinuxRandom final : public Random {
 public:
  void fill(MutableBytes out) override {
    while (!out.empty()) {
      const ssize_t got = ::getrandom(out.data(), out.size(), 0);
      FIRTH_ASSERT(got > 0 || errno == EINTR);
      if (got > 0) out = out.subspan(static_cast<std::size_t>(got));
    }
  }
};

}  // namespace

std::unique_ptr<Random> make_random() { return std::make_unique<LinuxRandom>(); }

}  // namespace firth::runtime
