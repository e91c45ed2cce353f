// Any bytes as any message of any version: refused, or decoded into what encodes to bytes that decode and encode to the same again.
// Input: which message, which version, then the bytes.
#include "base/assert.h"
#include "kafka/message_registry.h"

using namespace firth;
using namespace firth::kafka;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  const auto rows = message_rows();
  const MessageRow& row = rows[data[0] % rows.size()];
  const auto version = static_cast<std::int16_t>(row.min_version + data[1] % (row.max_version - row.min_version + 1));
  Reader in(SharedBytes::copy(std::as_bytes(std::span(data, size)).subspan(2)));
  Writer out;
  if (row.transcode(in, out, version) != CodecError::kNone) {
    FIRTH_ASSERT(!in.ok());  // what could be decoded can be encoded
    return 0;
  }
  const SharedBytes once = std::move(out).finish().flatten();
  Reader again(once);
  Writer twice;
  FIRTH_ASSERT(row.transcode(again, twice, version) == CodecError::kNone);
  FIRTH_ASSERT(again.remaining() == 0);
  FIRTH_ASSERT(as_text(std::move(twice).finish().flatten().view()) == as_text(once.view()));
  return 0;
}
