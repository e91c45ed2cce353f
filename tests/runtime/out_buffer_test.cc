#include "runtime/out_buffer.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

namespace firth::runtime {
namespace {

std::string front(const OutBuffer& buffer, std::size_t part_count) {
  std::vector<ByteView> parts(part_count);
  parts.resize(buffer.gather(parts));
  std::string text;
  for (const ByteView part : parts) text += as_text(part);
  return text;
}

TEST(OutBuffer, SmallPiecesBecomeOnePart) {
  OutBuffer buffer;
  EXPECT_TRUE(buffer.empty());
  buffer.append("MSG a 1 ");
  buffer.append(std::string_view());
  buffer.append("5\r\n");
  std::memcpy(buffer.reserve(100), "hello", 5);
  buffer.commit(5);
  buffer.append(SharedBytes::copy(as_bytes("\r\n")));
  std::array<ByteView, 4> parts;
  ASSERT_EQ(buffer.gather(parts), 1u);
  EXPECT_EQ(as_text(parts[0]), "MSG a 1 5\r\nhello\r\n");
}

TEST(OutBuffer, LargePiecesAreHeldNotCopied) {
  OutBuffer buffer;
  SharedBytes payload = SharedBytes::copy(as_bytes(std::string(kReferenceBytes, 'p')));
  for (int i = 0; i < 3; ++i) {
    buffer.append("head");
    buffer.append(payload);
  }
  buffer.append("tail");
  std::array<ByteView, 8> parts;
  ASSERT_EQ(buffer.gather(parts), 7u);
  EXPECT_EQ(parts[1].data(), payload.data());
  EXPECT_EQ(parts[2].data(), parts[0].data() + 4);  // heads share one block
  EXPECT_FALSE(payload.unique());
  buffer.consume(buffer.size() - 4);
  EXPECT_TRUE(payload.unique());
  EXPECT_EQ(front(buffer, 8), "tail");
  buffer.clear();
  EXPECT_EQ(buffer.gather(parts), 0u);
}

void agree_with_a_string(OutBuffer buffer) {
  std::mt19937 random(11);
  std::string model;
  char next = 'a';
  for (int step = 0; step < 20000; ++step) {
    const std::string piece(random() % 50 == 0 ? random() % 20000 : random() % 300, next = static_cast<char>('a' + (next - 'a' + 1) % 26));
    switch (random() % 8) {
      case 0:
      case 1:
        buffer.append(piece), model += piece;
        break;
      case 2:
        buffer.append(SharedBytes::copy(as_bytes(piece))), model += piece;
        break;
      case 3: {
        std::byte* const to = buffer.reserve(piece.size() + random() % 100);
        if (!piece.empty()) std::memcpy(to, piece.data(), piece.size());
        buffer.commit(piece.size());
        model += piece;
        break;
      }
      case 4: {
        const std::size_t part_count = random() % 70;
        const std::string text = front(buffer, part_count);
        ASSERT_EQ(text, model.substr(0, text.size()));
        if (part_count != 0) ASSERT_EQ(text.empty(), model.empty());
        break;
      }
      case 7:
        if (random() % 200 == 0) buffer.clear(), model.clear();
        break;
      default: {
        const std::size_t size = random() % 3 == 0 ? buffer.size() : random() % (buffer.size() + 1);
        buffer.consume(size);
        model.erase(0, size);
      }
    }
    ASSERT_EQ(buffer.size(), model.size());
  }
}

TEST(OutBuffer, AgreesWithAStringUnderRandomOperations) {
  agree_with_a_string(OutBuffer());
  BlockPool pool;
  agree_with_a_string(OutBuffer(pool));
  EXPECT_GT(pool.size(), 0u);
}

// Two connections that are busy in turn use the same memory, and what a reader still holds is not written to.
TEST(OutBuffer, GivesEmptiedBlocksToWhoFillsNext) {
  BlockPool pool;
  OutBuffer first(pool), second(pool);
  const auto fill = [](OutBuffer& buffer) {
    for (std::size_t size = 0; size < kLargestBlockBytes; size += 100) buffer.append(std::string(100, 'x'));
  };
  fill(first);
  first.consume(first.size());
  const std::size_t kept = pool.size();
  ASSERT_GT(kept, 0u);
  const SharedBytes given = pool.take(1);
  const std::byte* const memory = given.data();
  pool.give(given);  // we still hold it
  EXPECT_EQ(pool.size(), kept - 1);
  fill(second);
  std::array<ByteView, 8> parts;
  for (std::size_t i = 0; i < second.gather(parts); ++i)
    EXPECT_TRUE(parts[i].data() + parts[i].size() <= memory || parts[i].data() >= memory + given.size());
  second.clear();
  EXPECT_GE(pool.size(), kept);
}

TEST(BlockPool, KeepsWholeBlocksUpToItsBound) {
  BlockPool pool;
  pool.give(SharedBytes::allocate(BlockPool::kBlockBytes - 1));
  pool.give({});
  EXPECT_EQ(pool.size(), 0u);
  for (std::size_t i = 0; i < BlockPool::kMostBlocks + 2; ++i) pool.give(SharedBytes::allocate(BlockPool::kBlockBytes));
  EXPECT_EQ(pool.size(), BlockPool::kMostBlocks);
  EXPECT_EQ(pool.take(BlockPool::kBlockBytes + 1).size(), BlockPool::kBlockBytes + 1);
  EXPECT_EQ(pool.size(), BlockPool::kMostBlocks);
  EXPECT_EQ(pool.take(1).size(), BlockPool::kBlockBytes);
  EXPECT_EQ(pool.size(), BlockPool::kMostBlocks - 1);
}

}  // namespace
}  // namespace firth::runtime
