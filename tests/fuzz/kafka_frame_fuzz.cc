// Any bytes as the front of a connection's input: frames are found, their headers read, and what was read is written back the same.
#include "base/assert.h"
#include "kafka/frame.h"

using namespace firth;
using namespace firth::kafka;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const SharedBytes input = SharedBytes::copy(std::as_bytes(std::span(data, size)));
  for (std::size_t from = 0;;) {
    const FrameFront front = look_at_frame(input.view().subspan(from), 1 << 20);
    if (front.state != FrameState::kWhole) return 0;
    FIRTH_ASSERT(front.bytes >= kFrameSizeBytes && front.bytes <= input.size() - from);
    Reader in(input.slice(from + kFrameSizeBytes, front.bytes - kFrameSizeBytes));
    RequestHeader header;
    if (read_request_header(in, header) == CodecError::kNone) {
      Writer out;
      begin_request(out, header);
      const SharedBytes written = finish_frame(std::move(out)).flatten();
      Reader again(written.slice(kFrameSizeBytes, written.size() - kFrameSizeBytes));
      RequestHeader copy;
      FIRTH_ASSERT(read_request_header(again, copy) == CodecError::kNone);
      FIRTH_ASSERT(copy.client_id == header.client_id && copy.correlation_id == header.correlation_id);
    }
    from += front.bytes;
  }
}
