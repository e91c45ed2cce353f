// Every codec: what comes out is what went in, never more than the bound, and damage is an error.
#include "log/compression.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace firth::log {
namespace {

constexpr Codec kCodecs[] = {Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd};

std::vector<std::byte> compressed(Codec codec, std::string_view text) {
  std::vector<std::byte> out;
  compress(codec, as_bytes(text), out);
  return out;
}

std::string repeated(std::string_view word, std::size_t size) {
  std::string text;
  while (text.size() < size) text += word;
  text.resize(size);
  return text;
}

TEST(Compression, RoundTripsEverySize) {
  Decompressor decompressor;
  std::mt19937 random(7);
  for (const std::size_t size : {0u, 1u, 2u, 100u, 4095u, 4096u, 4097u, 32768u, 32769u, 1'000'000u}) {
    std::string noise(size, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    for (const std::string& text : {repeated("a word and then another ", size), noise, std::string(size, '\0')}) {
      for (const Codec codec : kCodecs) {
        std::vector<std::byte> out;
        const Result<void> done = decompressor.decompress(codec, compressed(codec, text), size, out);  // the bound is exact
        ASSERT_TRUE(done.ok()) << done.error().text << ", codec " << static_cast<int>(codec) << ", size " << size;
        ASSERT_EQ(as_text(out), text);
      }
    }
  }
}

TEST(Compression, StopsAtTheBound) {
  Decompressor decompressor;
  const std::string zeroes(3'000'000, '\0');
  for (const Codec codec : kCodecs) {
    const std::vector<std::byte> small = compressed(codec, zeroes);
    for (const std::size_t bound : {std::size_t{0}, std::size_t{1}, std::size_t{5000}, zeroes.size() - 1}) {
      std::vector<std::byte> out;
      const Result<void> done = decompressor.decompress(codec, small, bound, out);
      ASSERT_FALSE(done.ok());
      EXPECT_EQ(done.error().code, Errc::kLimit) << done.error().text;
      EXPECT_LE(out.capacity(), 2 * (bound + 4096)) << static_cast<int>(codec);
    }
  }
}

TEST(Compression, RefusesWhatIsCutOrGarbledAndGoesOn) {
  Decompressor decompressor;
  const std::string text = repeated("text that compresses well, ", 5000);
  std::vector<std::byte> out;
  for (const Codec codec : kCodecs) {
    if (codec == Codec::kNone) continue;
    const std::vector<std::byte> whole = compressed(codec, text);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Result<void> done = decompressor.decompress(codec, ByteView(whole).first(size), 1 << 20, out);
      // Framed snappy may end after any block; what came out is then short, which the batch's record count shows.
      if (done.ok()) {
        EXPECT_EQ(codec, Codec::kSnappy) << size;
        EXPECT_LT(out.size(), text.size());
      } else {
        EXPECT_EQ(done.error().code, Errc::kInvalid) << done.error().text;
      }
    }
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::vector<std::byte> garbled = whole;
      garbled[at] ^= std::byte{0x5A};
      static_cast<void>(decompressor.decompress(codec, garbled, 1 << 20, out).ok());  // no crash, no more memory than the bound
      EXPECT_LE(out.size(), (1u << 20) + 1);
    }
    ASSERT_TRUE(decompressor.decompress(codec, whole, 1 << 20, out).ok());  // a context is usable after errors
    EXPECT_EQ(as_text(out), text);
  }
}

TEST(Compression, ReadsMembersAndFramesThatFollowEachOther) {
  Decompressor decompressor;
  for (const Codec codec : {Codec::kGzip, Codec::kLz4, Codec::kZstd}) {
    std::vector<std::byte> both = compressed(codec, "first ");
    const std::vector<std::byte> second = compressed(codec, "second");
    both.insert(both.end(), second.begin(), second.end());
    std::vector<std::byte> out;
    ASSERT_TRUE(decompressor.decompress(codec, both, 100, out).ok()) << static_cast<int>(codec);
    EXPECT_EQ(as_text(out), "first second");
  }
}

TEST(Compression, RefusesSnappyThatClaimsMoreThanItCanHold) {
  const std::byte claim[] = {std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF}, std::byte{0x7F}, std::byte{0}, std::byte{0}};  // 256 MiB
  std::vector<std::byte> out;
  const Result<void> done = Decompressor().decompress(Codec::kSnappy, claim, std::size_t{1} << 30, out);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, Errc::kInvalid);
  EXPECT_EQ(out.capacity(), 0u);
}

}  // namespace
}  // namespace firth::log
