// Any header block becomes record headers and is the same block again.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "nats/headers.h"
#include "nats/record_headers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firth::nats;
  const std::string_view block(reinterpret_cast<const char*>(data), size);
  const auto headers = to_record_headers(block);
  FIRTH_ASSERT(to_block(headers) == block);
  for (HeaderCursor cursor(block); cursor.next();) FIRTH_ASSERT(find_header(block, cursor.field().name).has_value());
  static_cast<void>(is_well_formed(block));
  static_cast<void>(status_code(block));
  return 0;
}
