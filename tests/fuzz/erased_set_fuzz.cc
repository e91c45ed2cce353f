// Any bytes: refused, or the encoding of the set that they decode to.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "log/erased_set.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto set = firth::log::ErasedSet::decode(std::as_bytes(std::span(data, size)));
  if (!set.ok()) return 0;
  std::vector<std::byte> again;
  set->encode(again);
  if (again.size() != size || std::memcmp(again.data(), data, size) != 0) std::abort();
  return 0;
}
