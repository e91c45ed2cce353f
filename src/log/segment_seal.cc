#include "log/segment_seal.h"

namespace firth::log {
namespace {

constexpr std::uint32_t kMagic = 0x314C5346;  // "FSL1"
constexpr std::size_t kCrcAt = 64;

}  // namespace

std::array<std::byte, SegmentSeal::kBytes> SegmentSeal::encode() const {
  std::array<std::byte, kBytes> bytes{};
  std::byte* const to = bytes.data();
  store_le(to, kMagic);
  store_le(to + 4, segment.name.generation);
  store_le(to + 8, segment.name.base.value());
  store_le(to + 16, segment.length);
  store_le(to + 24, segment.next_offset.value());
  store_le(to + 32, segment.max_timestamp_ms);
  store_le(to + 40, headers.batch_count);
  store_le(to + 48, headers.checksum);
  store_le(to + 52, offset_index_crc);
  store_le(to + 56, time_index_crc);
  store_le(to + kCrcAt, crc32c(ByteView(bytes).first(kCrcAt)));
  return bytes;
}

Result<SegmentSeal> SegmentSeal::decode(ByteView bytes) {
  const std::byte* const from = bytes.data();
  if (bytes.size() != kBytes || load_le<std::uint32_t>(from) != kMagic ||
      load_le<std::uint32_t>(from + kCrcAt) != crc32c(bytes.first(kCrcAt)))
    return Error{Errc::kCorrupt, "not a segment's seal"};
  SegmentSeal seal;
  seal.segment.name = {Offset(load_le<std::int64_t>(from + 8)), load_le<std::uint32_t>(from + 4)};
  seal.segment.length = load_le<std::uint64_t>(from + 16);
  seal.segment.next_offset = Offset(load_le<std::int64_t>(from + 24));
  seal.segment.max_timestamp_ms = load_le<std::int64_t>(from + 32);
  seal.segment.sealed = true;
  seal.headers = {load_le<std::uint64_t>(from + 40), load_le<std::uint32_t>(from + 48)};
  seal.offset_index_crc = load_le<std::uint32_t>(from + 52);
  seal.time_index_crc = load_le<std::uint32_t>(from + 56);
  return seal;
}

Result<SegmentSeal> read_seal(runtime::Files& files, std::string_view directory, const SegmentName& name) {
  const std::string path = segment_path(directory, name, kSealEnding);
  FIRTH_TRY(const auto file, files.open(path, runtime::OpenMode::kRead));
  std::array<std::byte, SegmentSeal::kBytes + 1> bytes;  // one more, to see that it ends
  FIRTH_TRY(const std::size_t size, file->read_at(0, bytes));
  auto seal = SegmentSeal::decode(ByteView(bytes).first(size));
  if (!seal.ok() || seal->segment.name != name) return Error{Errc::kCorrupt, path + ": not the seal of this segment"};
  return seal;
}

}  // namespace firth::log
