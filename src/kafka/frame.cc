#include "kafka/frame.h"

#include <utility>

namespace firth::kafka {
namespace {

bool is_flexible(const RequestHeader& header) {
  const ApiRow* const api = api_row(header.api_key);
  return api != nullptr && header.api_version >= api->first_flexible;
}

}  // namespace

FrameFront look_at_frame(ByteView received, std::size_t max_request_bytes) {
  if (received.size() < kFrameSizeBytes) return {FrameState::kIncomplete, kFrameSizeBytes};
  const auto size = load_be<std::int32_t>(received.data());
  if (size < 0 || static_cast<std::size_t>(size) > max_request_bytes) return {FrameState::kBad, 0};
  const std::size_t whole = kFrameSizeBytes + static_cast<std::size_t>(size);
  return {received.size() < whole ? FrameState::kIncomplete : FrameState::kWhole, whole};
}

CodecError read_request_header(Reader& in, RequestHeader& header) {
  in.read(header.api_key);
  in.read(header.api_version);
  in.read(header.correlation_id);
  in.set_flexible(false);  // the client id keeps its old form in every version, so that this much can always be read
  in.read(header.client_id, Nulls::kAllowed);
  if (is_flexible(header)) in.skip_tags();
  return in.error();
}

void begin_response(Writer& out, const RequestHeader& request) {
  out.write(std::int32_t{0});
  out.write(request.correlation_id);
  if (is_flexible(request) && request.api_key != static_cast<std::int16_t>(ApiKey::kApiVersions)) out.write_varint(0);
}

ByteChain finish_frame(Writer&& out) {
  out.patch_int32(0, static_cast<std::int32_t>(out.size() - kFrameSizeBytes));
  return std::move(out).finish();
}

void begin_request(Writer& out, const RequestHeader& request) {
  out.write(std::int32_t{0});
  out.write(request.api_key);
  out.write(request.api_version);
  out.write(request.correlation_id);
  out.set_flexible(false);
  out.write(request.client_id, Nulls::kAllowed);
  if (is_flexible(request)) out.write_varint(0);
}

}  // namespace firth::kafka
