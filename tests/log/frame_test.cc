#include "log/frame.h"

#include <gtest/gtest.h>

#include <random>

#include "base/crc32c.h"

namespace firth::log {
namespace {

PartitionKey partition(int n) {
  PartitionKey key;
  key.topic.bytes.fill(static_cast<std::byte>(n));
  key.partition = PartitionIndex(n);
  return key;
}

Frame make_frame(std::mt19937_64& random, int partitions) {
  Frame frame;
  frame.id = {.group = GroupId(7), .term = 3, .index = FrameIndex(random())};
  for (int p = 0; p < partitions; ++p) {
    const std::size_t slot = frame.add_partition(partition(p));
    for (std::uint64_t entries = 1 + random() % 3; entries > 0; --entries)
      frame.add(slot, EntryKind::kPiece, SharedBytes::copy(as_bytes(std::string(random() % 100, static_cast<char>('a' + random() % 26)))));
  }
  return frame;
}

SharedBytes joined(const EncodedFrame& encoded) {
  SharedBytes bytes = SharedBytes::allocate(encoded.bytes);
  std::byte* to = bytes.writable().data();
  for (const ByteView part : encoded.parts) to = std::copy(part.begin(), part.end(), to);
  EXPECT_EQ(to, bytes.data() + bytes.size());
  return bytes;
}

constexpr FramePlace kPlace{
    .generation = 5, .position = JournalPosition(4096), .previous_end = JournalPosition(4000), .synced = JournalPosition(3000)};

TEST(Frame, RoundTrips) {
  std::mt19937_64 random(1);
  for (int partitions = 0; partitions < 40; ++partitions) {
    const Frame frame = make_frame(random, partitions);
    EncodedFrame encoded;
    encode_frame(frame, kPlace, encoded);
    EXPECT_EQ(encoded.bytes % kFrameAlignment, 0u);
    EXPECT_EQ(encoded.bytes, encoded_frame_bytes(frame));
    const SharedBytes bytes = joined(encoded);

    FrameHeader header;
    ASSERT_TRUE(read_frame_header(bytes.view(), kPlace.position, 5, header));
    EXPECT_EQ(header.end - kPlace.position, encoded.bytes);
    EXPECT_EQ(header.place.previous_end, kPlace.previous_end);
    EXPECT_EQ(header.place.synced, kPlace.synced);
    EXPECT_EQ(header.id.index, frame.id.index);
    EXPECT_FALSE(read_frame_header(bytes.view(), kPlace.position + 8, 5, header)) << "it was written elsewhere";
    EXPECT_FALSE(read_frame_header(bytes.view(), kPlace.position, 6, header)) << "an older generation";

    ASSERT_TRUE(read_frame_header(bytes.view(), kPlace.position, 5, header));
    Frame read;
    std::vector<DirectoryEntry> directory;
    ASSERT_EQ(read_frame_body(bytes, header, read, directory), FrameBody::kGood);
    ASSERT_EQ(read.slots().size(), frame.slots().size());
    for (std::size_t s = 0; s < frame.slots().size(); ++s) {
      EXPECT_EQ(read.slots()[s].partition, frame.slots()[s].partition);
      ASSERT_EQ(read.slots()[s].entries.size(), frame.slots()[s].entries.size());
      for (std::size_t e = 0; e < frame.slots()[s].entries.size(); ++e)
        EXPECT_EQ(as_text(read.slots()[s].entries[e].body.view()), as_text(frame.slots()[s].entries[e].body.view()));
    }
  }
}

// The CRC holds, but no frame is written like that: what a later version may put there is not read as if it were nothing.
TEST(Frame, AnEntryWithMoreThanAKindInItsFirstWordIsRefused) {
  std::mt19937_64 random(3);
  const Frame frame = make_frame(random, 1);
  EncodedFrame encoded;
  encode_frame(frame, kPlace, encoded);
  SharedBytes bytes = joined(encoded);
  FrameHeader header;
  ASSERT_TRUE(read_frame_header(bytes.view(), kPlace.position, 5, header));
  const std::size_t entry = kFrameHeaderBytes + kDirectoryEntryBytes + 4;
  bytes.writable()[entry + 1] = std::byte{1};
  header.payload_crc = crc32c(bytes.view().subspan(entry, header.payload_bytes));
  Frame read;
  std::vector<DirectoryEntry> directory;
  EXPECT_EQ(read_frame_body(bytes, header, read, directory), FrameBody::kBadPayload);
}

TEST(Frame, APartitionWithoutAnEntryIsRefused) {
  Frame frame;
  frame.add_partition({});
  EncodedFrame encoded;
  encode_frame(frame, kPlace, encoded);
  const SharedBytes bytes = joined(encoded);
  FrameHeader header;
  ASSERT_TRUE(read_frame_header(bytes.view(), kPlace.position, 5, header));
  Frame read;
  std::vector<DirectoryEntry> directory;
  EXPECT_EQ(read_frame_body(bytes, header, read, directory), FrameBody::kBadPayload);
}

TEST(Frame, EveryFlippedBitIsNoticedAndTheOtherDirectoryNamesThePartitions) {
  std::mt19937_64 random(2);
  const Frame frame = make_frame(random, 3);
  EncodedFrame encoded;
  encode_frame(frame, kPlace, encoded);
  const SharedBytes good = joined(encoded);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    SharedBytes bytes = SharedBytes::copy(good.view());
    bytes.writable()[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    FrameHeader header;
    Frame read;
    std::vector<DirectoryEntry> front, back;
    const bool good_header = read_frame_header(bytes.view(), kPlace.position, 5, header);
    const FrameBody body = good_header ? read_frame_body(bytes, header, read, front) : FrameBody::kBadDirectory;
    const bool good_end = read_directory_before(bytes.view(), kPlace.position, back);
    // Damage at the end alone leaves a frame that can be read; any other damage leaves one end that says whom it hurts.
    ASSERT_TRUE(body == FrameBody::kGood || good_end || body == FrameBody::kBadPayload) << bit;
    if (body != FrameBody::kGood) {
      const auto& known = good_end ? back : front;
      ASSERT_EQ(known.size(), 3u) << bit;
      EXPECT_EQ(known[2].partition, partition(2));
    }
  }
}

}  // namespace
}  // namespace firth::log
