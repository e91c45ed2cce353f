#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace firth {

void assertion_failed(const char* fact, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, fact);
  std::fflush(stderr);
  std::abort();
}

}  // namespace firth
