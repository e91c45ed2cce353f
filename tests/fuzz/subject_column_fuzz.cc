// Any bytes as a subject column: what is taken is consistent, and written again is taken again.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "log/subject_column.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firth;
  const auto loaded = log::SubjectColumn::load(Offset(0), std::as_bytes(std::span(data, size)));
  std::vector<std::byte> again;
  loaded.column.encode_since(Offset(0), 0, again);
  if (log::SubjectColumn::load(Offset(0), again).column.next_offset() != loaded.column.next_offset()) std::abort();
  return 0;
}
