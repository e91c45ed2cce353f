#include "runtime/input_buffer.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace firth::runtime {
namespace {

// Frames of a four-byte length and that many bytes. Keeps some of the slices that it was given, as a session keeps payloads.
class FrameReader final : public ConnectionHandler {
 public:
  FrameReader(InputBuffer& input, std::mt19937& random) : input_(input), random_(random) {}

  std::size_t on_input(const SharedBytes& bytes) override {
    EXPECT_GE(bytes.size(), expected_);
    expected_ = 0;
    std::size_t at = 0;
    while (!halted) {
      const std::size_t left = bytes.size() - at;
      const std::size_t size = left < 4 ? 4 : 4 + load_be<std::uint32_t>(bytes.data() + at);
      if (left < size) {
        if (random_() % 2 == 0) input_.expect(expected_ = size);  // a handler may say what it waits for, or not
        break;
      }
      SharedBytes frame = bytes.slice(at + 4, size - 4);
      text += as_text(frame.view());
      if (random_() % 4 == 0) held.emplace_back(frame, as_text(frame.view()));
      at += size;
      if (random_() % 16 == 0) halted = true;
    }
    return at;
  }
  void on_closed(const Error&) override {}

  bool halted = false;
  std::string text;
  std::deque<std::pair<SharedBytes, std::string>> held;

 private:
  InputBuffer& input_;
  std::mt19937& random_;
  std::size_t expected_ = 0;
};

std::size_t random_size(std::mt19937& random) {
  switch (random() % 8) {
    case 0:
      return 0;
    case 1:
      return random() % 100'000;
    case 2:
      return random() % 20'000;
    default:
      return random() % 200;
  }
}

TEST(InputBuffer, DeliversEveryFrameWhateverTheReadsAre) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::string wire;
    std::string expected;
    for (int i = 0; i < 300; ++i) {
      const std::string frame(random_size(random), static_cast<char>('a' + i % 26));
      wire.resize(wire.size() + 4);
      store_be(reinterpret_cast<std::byte*>(wire.data() + wire.size() - 4), static_cast<std::uint32_t>(frame.size()));
      wire += frame;
      expected += frame;
    }
    ReadBlock block;
    InputBuffer input;
    FrameReader reader(input, random);
    std::size_t sent = 0;
    while (sent < wire.size() || input.size() != 0) {
      if (reader.halted) {
        reader.halted = false;
        input.deliver(reader, reader.halted);
        continue;
      }
      ASSERT_LT(sent, wire.size());
      const InputBuffer::Target target = input.prepare(block);
      const std::size_t limit = std::min(wire.size() - sent, 1 + random_size(random));
      std::size_t got = 0;
      for (std::size_t i = 0; i < target.count; ++i) {
        const std::size_t size = std::min(target.parts[i].iov_len, limit - got);
        if (size != 0) std::memcpy(target.parts[i].iov_base, wire.data() + sent + got, size);
        got += size;
      }
      ASSERT_GT(got, 0u);
      sent += got;
      input.received(block, got);
      input.deliver(reader, reader.halted);
      while (reader.held.size() > 20) reader.held.pop_front();
      for (const auto& [slice, copy] : reader.held) ASSERT_EQ(as_text(slice.view()), copy);
    }
    EXPECT_EQ(reader.text, expected);
    EXPECT_EQ(input.capacity(), 0u);
  }
}

class Scripted final : public ConnectionHandler {
 public:
  explicit Scripted(std::deque<std::size_t> consume) : consume_(std::move(consume)) {}
  std::size_t on_input(const SharedBytes& bytes) override {
    seen.push_back(bytes.size());
    const std::size_t size = consume_.front();
    consume_.pop_front();
    return size;
  }
  void on_closed(const Error&) override {}
  std::vector<std::size_t> seen;

 private:
  std::deque<std::size_t> consume_;
};

void feed(InputBuffer& input, ReadBlock& block, ConnectionHandler& handler, std::size_t size) {
  const bool halted = false;
  const InputBuffer::Target target = input.prepare(block);
  ASSERT_LE(size, target.parts[0].iov_len + target.parts[1].iov_len);
  input.received(block, size);
  input.deliver(handler, halted);
}

TEST(InputBuffer, OwnsOnlyWhatIsLeftOver) {
  ReadBlock block;
  InputBuffer input;
  Scripted handler({100, 90, 0, 21});
  feed(input, block, handler, 100);
  EXPECT_EQ(input.capacity(), 0u);
  feed(input, block, handler, 100);
  EXPECT_EQ(input.capacity(), 10u);
  feed(input, block, handler, 1);
  EXPECT_EQ(input.capacity(), 11u);
  feed(input, block, handler, 10);
  EXPECT_EQ(input.capacity(), 0u);
  EXPECT_EQ(handler.seen, (std::vector<std::size_t>{100, 100, 11, 21}));
}

TEST(InputBuffer, ALargeFrameIsReadIntoItsOwnBufferInOneCall) {
  ReadBlock block;
  InputBuffer input;
  Scripted handler({6, 1'000'000, 0});
  feed(input, block, handler, 10);
  input.expect(1'000'000);
  for (int i = 0; i < 9; ++i) feed(input, block, handler, 100'000);
  EXPECT_EQ(handler.seen.size(), 1u);
  EXPECT_EQ(input.capacity(), 1'000'000u);
  feed(input, block, handler, 100'000);  // four bytes of it are the next frame's
  EXPECT_EQ(handler.seen, (std::vector<std::size_t>{10, 1'000'000, 4}));
  EXPECT_EQ(input.capacity(), 4u);
}

TEST(ReadBlock, IsReusedOnlyWhenNobodyHoldsASlice) {
  ReadBlock block;
  std::byte* const first = block.room().data();
  block.finish(100);
  EXPECT_EQ(block.room().data(), first);
  SharedBytes held = block.slice(100);
  block.finish(100);
  EXPECT_EQ(block.room().data(), first + 100);
  block.finish(ReadBlock::kBytes - 100 - ReadBlock::kLeastRoom + 1);
  const MutableBytes fresh = block.room();
  EXPECT_EQ(fresh.size(), ReadBlock::kBytes);
  EXPECT_TRUE(held.unique());
}

}  // namespace
}  // namespace firth::runtime
