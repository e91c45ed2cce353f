// Any bytes as a frame of the journal, with the CRCs that no fuzzer guesses put right: refused, or a frame that is encoded to one with the
// same entries; each entry's body is refused or decoded.
#include <algorithm>
#include <vector>

#include "base/assert.h"
#include "base/crc32c.h"
#include "log/acts.h"
#include "log/frame.h"

using namespace firth;
using namespace firth::log;

namespace {

// Of frame.h's drawing: the positions of a header's fields.
constexpr std::size_t kCrcAt = 4, kGenerationAt = 8, kPositionAt = 16, kDirectoryCountAt = 56, kPayloadBytesAt = 60, kPayloadCrcAt = 64;

void put_crcs_right(std::vector<std::byte>& bytes) {
  const std::size_t count = load_le<std::uint32_t>(bytes.data() + kDirectoryCountAt) % 8;
  const std::size_t payload = load_le<std::uint32_t>(bytes.data() + kPayloadBytesAt) % 4096;
  store_le(bytes.data(), std::uint32_t{0x31524646});
  store_le(bytes.data() + kPositionAt, std::uint64_t{0});
  store_le(bytes.data() + kDirectoryCountAt, static_cast<std::uint32_t>(count));
  store_le(bytes.data() + kPayloadBytesAt, static_cast<std::uint32_t>(payload));
  const std::size_t directory = count * kDirectoryEntryBytes;
  bytes.resize(kFrameHeaderBytes + 2 * directory + 4 + payload + kFrameTrailerBytes + kFrameAlignment);
  std::byte* const front = bytes.data() + kFrameHeaderBytes;
  store_le(front + directory, crc32c({front, directory}));
  store_le(bytes.data() + kPayloadCrcAt, crc32c({front + directory + 4, payload}));
  store_le(bytes.data() + kCrcAt, crc32c(ByteView(bytes).subspan(kGenerationAt, kFrameHeaderBytes - kGenerationAt)));
}

void decode_body(const Entry& entry) {
  const ByteView body = entry.body.view();
  if (const auto erase = decode_erase(body); erase.ok()) FIRTH_ASSERT(as_text(encode_erase(*erase).view()) == as_text(body));
  if (const auto piece = decode_piece_act(body); piece.ok()) FIRTH_ASSERT(decode_piece_act(encode_piece_act(*piece).view()).ok());
  if (const auto epoch = decode_epoch(body); epoch.ok()) FIRTH_ASSERT(*decode_epoch(encode_epoch(*epoch).view()) == *epoch);
  if (const auto offset = decode_offset(body); offset.ok()) FIRTH_ASSERT(*decode_offset(encode_offset(*offset).view()) == *offset);
  (void)decode_config(body).ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const ByteView input = std::as_bytes(std::span(data, size));
  std::vector<std::byte> bytes(input.begin(), input.end());
  std::vector<DirectoryEntry> directory;
  (void)read_directory_before(bytes, JournalPosition(), directory);
  if (bytes.size() < kFrameHeaderBytes) return 0;
  put_crcs_right(bytes);
  FrameHeader header;
  FIRTH_ASSERT(read_frame_header(bytes, JournalPosition(), 0, header));
  if (header.end.value() > bytes.size()) bytes.resize(header.end.value());
  Frame frame;
  if (read_frame_body(SharedBytes::copy(bytes), header, frame, directory) != FrameBody::kGood) return 0;
  for (const Frame::Slot& slot : frame.slots()) std::ranges::for_each(slot.entries, decode_body);

  EncodedFrame encoded;
  encode_frame(frame, header.place, encoded);
  std::vector<std::byte> again;
  for (const ByteView part : encoded.parts) again.insert(again.end(), part.begin(), part.end());
  FrameHeader header_again;
  FIRTH_ASSERT(read_frame_header(again, JournalPosition(), 0, header_again));
  FIRTH_ASSERT(header_again.payload_crc == header.payload_crc);
  return 0;
}
