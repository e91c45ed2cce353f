// Any bytes as a stored piece of each kind, or as the state of a partition: refused, or a state whose encoding is restored to the same.
// Input: the kind, then the bytes.
#include <cstdint>

#include "base/assert.h"
#include "broker/piece_kinds.h"
#include "log/partition_state.h"

using namespace firth;

namespace {

void restore_state(ByteView bytes) {
  const auto state = log::decode_partition_state(bytes);
  if (!state.ok()) return;
  const SharedBytes once = log::encode_partition_state(*state);
  const auto again = log::decode_partition_state(once.view());
  FIRTH_ASSERT(again.ok());
  FIRTH_ASSERT(as_text(log::encode_partition_state(*again).view()) == as_text(once.view()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes = std::as_bytes(std::span(data, size)).subspan(1);
  if (data[0] == 0) return restore_state(bytes), 0;
  const log::PieceKey key{.kind = static_cast<std::uint16_t>(data[0] % 8), .id = "c"};
  const auto piece = broker::make_piece({}, key);
  if (piece == nullptr || !piece->restore(bytes).ok()) return 0;
  const SharedBytes once = piece->encode();
  const auto again = broker::make_piece({}, key);
  FIRTH_ASSERT(again->restore(once.view()).ok());
  FIRTH_ASSERT(as_text(again->encode().view()) == as_text(once.view()));
  return 0;
}
