#include "log/frame.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "base/assert.h"
#include "base/crc32c.h"

namespace firth::log {
namespace {

constexpr std::uint32_t kMagic = 0x31524646;  // "FFR1"

// Positions in the header.
constexpr std::size_t kCrcAt = 4, kGenerationAt = 8, kPositionAt = 16, kPreviousEndAt = 24, kSyncedAt = 32, kIndexAt = 40, kGroupAt = 48,
                      kTermAt = 52, kDirectoryCountAt = 56, kPayloadBytesAt = 60, kPayloadCrcAt = 64, kFlagsAt = 68;
static_assert(kFlagsAt + 4 == kFrameHeaderBytes);

constexpr std::size_t padded(std::size_t bytes) { return (bytes + kFrameAlignment - 1) / kFrameAlignment * kFrameAlignment; }

constexpr std::size_t directory_bytes(std::size_t count) { return count * kDirectoryEntryBytes + 4; }

constexpr std::size_t frame_bytes(std::size_t directory_count, std::size_t payload_bytes) {
  return padded(kFrameHeaderBytes + 2 * directory_bytes(directory_count) - 4 + payload_bytes + kFrameTrailerBytes);
}

std::byte* put_directory(std::byte* to, const Frame& frame) {
  for (const Frame::Slot& slot : frame.slots()) {
    std::copy(slot.partition.topic.bytes.begin(), slot.partition.topic.bytes.end(), to);
    store_le(to + 16, slot.partition.partition.value());
    store_le(to + 20, static_cast<std::uint32_t>(slot.entries.size()));
    store_le(to + 24, slot.bytes);
    to += kDirectoryEntryBytes;
  }
  return to;
}

// REQUIRES: count * kDirectoryEntryBytes bytes.
void get_directory(const std::byte* from, std::size_t count, std::vector<DirectoryEntry>& directory) {
  directory.resize(count);
  for (DirectoryEntry& entry : directory) {
    std::copy(from, from + 16, entry.partition.topic.bytes.begin());
    entry.partition.partition = PartitionIndex(load_le<std::int32_t>(from + 16));
    entry.entry_count = load_le<std::uint32_t>(from + 20);
    entry.entry_bytes = load_le<std::uint32_t>(from + 24);
    from += kDirectoryEntryBytes;
  }
}

std::uint32_t payload_crc(const Frame& frame, const std::byte* entry_headers) {
  std::uint32_t crc = 0;
  for (const Frame::Slot& slot : frame.slots()) {
    for (const Entry& entry : slot.entries) {
      crc = crc32c({entry_headers, kEntryHeaderBytes}, crc);
      crc = crc32c(entry.body.view(), crc);
      entry_headers += kEntryHeaderBytes;
    }
  }
  return crc;
}

std::byte* put_entry_headers(std::byte* to, const Frame& frame) {
  for (const Frame::Slot& slot : frame.slots()) {
    for (const Entry& entry : slot.entries) {
      store_le(to, static_cast<std::uint32_t>(entry.kind));
      store_le(to + 4, static_cast<std::uint32_t>(entry.body.size()));
      to += kEntryHeaderBytes;
    }
  }
  return to;
}

void put_header(std::byte* header, const Frame& frame, const FramePlace& place, std::uint32_t crc_of_payload) {
  store_le(header, kMagic);
  store_le(header + kGenerationAt, place.generation);
  store_le(header + kPositionAt, place.position.value());
  store_le(header + kPreviousEndAt, place.previous_end.value());
  store_le(header + kSyncedAt, place.synced.value());
  store_le(header + kIndexAt, frame.id.index.value());
  store_le(header + kGroupAt, frame.id.group.value());
  store_le(header + kTermAt, frame.id.term);
  store_le(header + kDirectoryCountAt, static_cast<std::uint32_t>(frame.partition_count()));
  store_le(header + kPayloadBytesAt, static_cast<std::uint32_t>(frame.bytes()));
  store_le(header + kPayloadCrcAt, crc_of_payload);
  store_le(header + kFlagsAt, std::uint32_t{0});
  store_le(header + kCrcAt, crc32c({header + kGenerationAt, header + kFrameHeaderBytes}));
}

}  // namespace

std::size_t Frame::add_partition(const PartitionKey& partition) {
  slots_.push_back({.partition = partition, .entries = {}, .bytes = 0});
  return slots_.size() - 1;
}

void Frame::add(std::size_t slot, EntryKind kind, SharedBytes body) {
  const std::size_t bytes = kEntryHeaderBytes + body.size();
  slots_[slot].bytes += static_cast<std::uint32_t>(bytes);
  slots_[slot].entries.push_back({.kind = kind, .body = std::move(body)});
  payload_bytes_ += bytes;
  FIRTH_ASSERT(payload_bytes_ <= kMaxFrameBytes);
}

std::size_t encoded_frame_bytes(const Frame& frame) { return frame_bytes(frame.partition_count(), frame.bytes()); }

void encode_frame(const Frame& frame, const FramePlace& place, EncodedFrame& encoded) {
  std::size_t entry_count = 0;
  for (const Frame::Slot& slot : frame.slots()) entry_count += slot.entries.size();
  const std::size_t count = frame.partition_count();
  encoded.bytes = encoded_frame_bytes(frame);

  // own: header, directory, entry headers, end (directory again, trailer, padding). Sized first, so that nothing moves afterwards.
  const std::size_t front_bytes = kFrameHeaderBytes + directory_bytes(count);
  const std::size_t end_bytes = encoded.bytes - front_bytes - frame.bytes();
  encoded.own.assign(front_bytes + entry_count * kEntryHeaderBytes + end_bytes, std::byte{0});

  std::byte* const header = encoded.own.data();
  std::byte* const directory = header + kFrameHeaderBytes;
  std::byte* const directory_end = put_directory(directory, frame);
  store_le(directory_end, crc32c({directory, directory_end}));
  std::byte* const entry_headers = directory_end + 4;
  std::byte* const end = put_entry_headers(entry_headers, frame);
  std::byte* const trailer = put_directory(end, frame);
  store_le(trailer, place.position.value());
  store_le(trailer + 8, static_cast<std::uint32_t>(count));
  store_le(trailer + 12, crc32c({end, trailer + 12}));
  put_header(header, frame, place, payload_crc(frame, entry_headers));

  encoded.parts.clear();
  encoded.parts.emplace_back(header, entry_headers);
  const std::byte* entry_header = entry_headers;
  for (const Frame::Slot& slot : frame.slots()) {
    for (const Entry& entry : slot.entries) {
      encoded.parts.emplace_back(entry_header, kEntryHeaderBytes);
      if (!entry.body.empty()) encoded.parts.push_back(entry.body.view());
      entry_header += kEntryHeaderBytes;
    }
  }
  encoded.parts.emplace_back(end, end_bytes);
}

bool read_frame_header(ByteView bytes, JournalPosition position, std::uint64_t generation, FrameHeader& header) {
  if (bytes.size() < kFrameHeaderBytes) return false;
  const std::byte* const at = bytes.data();
  if (load_le<std::uint32_t>(at) != kMagic) return false;
  if (load_le<std::uint32_t>(at + kCrcAt) != crc32c(bytes.subspan(kGenerationAt, kFrameHeaderBytes - kGenerationAt))) return false;
  header.place = {.generation = load_le<std::uint64_t>(at + kGenerationAt),
                  .position = JournalPosition(load_le<std::uint64_t>(at + kPositionAt)),
                  .previous_end = JournalPosition(load_le<std::uint64_t>(at + kPreviousEndAt)),
                  .synced = JournalPosition(load_le<std::uint64_t>(at + kSyncedAt))};
  header.id = {.group = GroupId(load_le<std::uint32_t>(at + kGroupAt)),
               .term = load_le<std::uint32_t>(at + kTermAt),
               .index = FrameIndex(load_le<std::uint64_t>(at + kIndexAt))};
  header.directory_count = load_le<std::uint32_t>(at + kDirectoryCountAt);
  header.payload_bytes = load_le<std::uint32_t>(at + kPayloadBytesAt);
  header.payload_crc = load_le<std::uint32_t>(at + kPayloadCrcAt);
  if (header.place.position != position || header.place.generation < generation) return false;
  if (header.directory_count > kMaxFramePartitions || header.payload_bytes > kMaxFrameBytes) return false;
  header.end = position + frame_bytes(header.directory_count, header.payload_bytes);
  return true;
}

FrameBody read_frame_body(const SharedBytes& bytes, const FrameHeader& header, Frame& frame, std::vector<DirectoryEntry>& directory) {
  FIRTH_ASSERT(bytes.size() >= header.end - header.place.position);
  const std::size_t directory_size = header.directory_count * kDirectoryEntryBytes;
  const std::byte* const front = bytes.data() + kFrameHeaderBytes;
  if (load_le<std::uint32_t>(front + directory_size) != crc32c({front, directory_size})) return FrameBody::kBadDirectory;
  get_directory(front, header.directory_count, directory);

  std::size_t at = kFrameHeaderBytes + directory_bytes(header.directory_count);
  const std::size_t end = at + header.payload_bytes;
  if (crc32c(bytes.view().subspan(at, header.payload_bytes)) != header.payload_crc) return FrameBody::kBadPayload;
  frame = Frame();
  frame.id = header.id;
  for (const DirectoryEntry& entry : directory) {
    if (entry.entry_count == 0) return FrameBody::kBadPayload;
    const std::size_t slot = frame.add_partition(entry.partition);
    for (std::uint32_t i = 0; i < entry.entry_count; ++i) {
      // The CRC holds, so these are what we wrote; still nothing is read past the payload, and what is not of our form is not taken for it.
      if (end - at < kEntryHeaderBytes) return FrameBody::kBadPayload;
      const auto kind = load_le<std::uint32_t>(bytes.data() + at);
      if (kind > std::numeric_limits<std::underlying_type_t<EntryKind>>::max()) return FrameBody::kBadPayload;
      const auto length = load_le<std::uint32_t>(bytes.data() + at + 4);
      at += kEntryHeaderBytes;
      if (end - at < length) return FrameBody::kBadPayload;
      frame.add(slot, static_cast<EntryKind>(kind), bytes.slice(at, length));
      at += length;
    }
  }
  return at == end ? FrameBody::kGood : FrameBody::kBadPayload;
}

bool read_directory_before(ByteView bytes_before_end, JournalPosition begin, std::vector<DirectoryEntry>& directory) {
  // Padding is less than kFrameAlignment zero bytes; the trailer names the position at which its frame began, which we know.
  for (std::size_t padding = 0; padding < kFrameAlignment; ++padding) {
    if (bytes_before_end.size() < kFrameTrailerBytes + padding) return false;
    const ByteView upto = bytes_before_end.first(bytes_before_end.size() - padding);
    const std::byte* const trailer = upto.data() + upto.size() - kFrameTrailerBytes;
    if (load_le<std::uint64_t>(trailer) != begin.value()) continue;
    const auto count = load_le<std::uint32_t>(trailer + 8);
    if (count > kMaxFramePartitions || upto.size() < kFrameTrailerBytes + count * kDirectoryEntryBytes) continue;
    const std::byte* const start = trailer - count * kDirectoryEntryBytes;
    if (load_le<std::uint32_t>(trailer + 12) != crc32c({start, trailer + 12})) continue;
    get_directory(start, count, directory);
    return true;
  }
  return false;
}

}  // namespace firth::log
