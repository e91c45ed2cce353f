// Heads of HTTP requests: what is read lies in the input, and a head is the same whatever follows it.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "http/request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firth::http;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Request request;
  std::size_t consumed = 0;
  if (read_head(input, request, consumed) != HeadOutcome::kComplete) return 0;
  FIRTH_ASSERT(consumed > 0 && consumed <= input.size() && consumed <= kMaxHeadBytes + 4);
  FIRTH_ASSERT(request.path.starts_with('/') && request.path.find('?') == std::string_view::npos);
  FIRTH_ASSERT(request.path.data() >= input.data() && request.path.data() + request.path.size() <= input.data() + consumed);

  Request again;
  std::size_t consumed_again = 0;
  FIRTH_ASSERT(read_head(input.substr(0, consumed), again, consumed_again) == HeadOutcome::kComplete);
  FIRTH_ASSERT(consumed_again == consumed && again.path == request.path && again.keep_alive == request.keep_alive);
  FIRTH_ASSERT(read_head(input.substr(0, consumed - 1), again, consumed_again) == HeadOutcome::kIncomplete);
  return 0;
}
