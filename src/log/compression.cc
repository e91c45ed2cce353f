#include "log/compression.h"

#include <fmt/core.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>

namespace firth::log {
namespace {

constexpr std::size_t kLeastOutputBytes = 4096;

// The framing of the snappy library for Java: magic, two versions, then blocks, each with its size in front.
constexpr std::array<unsigned char, 8> kXerialMagic = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
constexpr std::size_t kXerialHeaderBytes = 16;
constexpr std::size_t kXerialBlockBytes = 32 << 10;
// No three bytes of snappy stand for more than 64: what claims more is damaged, and gets no memory.
constexpr std::size_t kSnappyMaxRatio = 32;

constexpr int kGzipWindowBits = 15 + 16;  // + 16: gzip's header and trailer, not zlib's

Error invalid(std::string_view codec, std::string_view why) { return {Errc::kInvalid, fmt::format("{}: {}", codec, why)}; }
Error over_limit(std::string_view codec, std::size_t max_bytes) {
  return {Errc::kLimit, fmt::format("{}: decompresses to more than {} bytes", codec, max_bytes)};
}

// Room for a stream's output: what was filled, and space behind it that doubles up to the bound and one byte. The last byte tells an
// output of exactly the bound, which needs no room any more, from a longer one.
class Output {
 public:
  Output(std::vector<std::byte>& out, std::size_t expected, std::size_t max_bytes) : out_(out), max_bytes_(max_bytes) {
    out_.resize(std::clamp(expected, std::min(kLeastOutputBytes, max_bytes + 1), max_bytes + 1));
  }
  std::byte* data() { return out_.data() + filled_; }
  std::size_t room() const { return out_.size() - filled_; }
  void filled(std::size_t bytes) { filled_ += bytes; }
  bool over_limit() const { return filled_ > max_bytes_; }
  void grow() {
    if (room() == 0) out_.resize(std::min(out_.size() * 2, max_bytes_ + 1));
  }
  void finish() { out_.resize(filled_); }

 private:
  std::vector<std::byte>& out_;
  std::size_t max_bytes_;
  std::size_t filled_ = 0;
};

}  // namespace

struct Decompressor::Contexts {
  z_stream gzip{};
  bool gzip_ready = false;
  LZ4F_dctx* lz4 = nullptr;
  ZSTD_DCtx* zstd = nullptr;

  ~Contexts() {
    if (gzip_ready) inflateEnd(&gzip);
    LZ4F_freeDecompressionContext(lz4);
    ZSTD_freeDCtx(zstd);
  }
};

namespace {

Result<void> from_gzip(z_stream& stream, ByteView in, std::size_t max_bytes, Output& out) {
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  for (;;) {
    out.grow();
    const std::size_t room = out.room();
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(room);
    const int status = inflate(&stream, Z_NO_FLUSH);
    out.filled(room - stream.avail_out);
    if (out.over_limit()) return over_limit("gzip", max_bytes);
    if (status == Z_STREAM_END) {
      if (stream.avail_in == 0) return {};
      if (inflateReset(&stream) != Z_OK) return invalid("gzip", "cannot start the next member");  // members may follow each other
    } else if (status != Z_OK || (stream.avail_in == 0 && stream.avail_out != 0)) {
      return invalid("gzip", stream.msg != nullptr ? stream.msg : "ends early");
    }
  }
}

Result<void> from_snappy_block(ByteView in, std::size_t max_bytes, std::vector<std::byte>& out) {
  const auto* const block = reinterpret_cast<const char*>(in.data());
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(block, in.size(), &size)) return invalid("snappy", "no length");
  if (size / kSnappyMaxRatio > in.size()) return invalid("snappy", "claims more than it can hold");
  if (size > max_bytes - out.size()) return over_limit("snappy", max_bytes);
  const std::size_t at = out.size();
  out.resize(at + size);
  if (!snappy::RawUncompress(block, in.size(), reinterpret_cast<char*>(out.data() + at))) return invalid("snappy", "damaged block");
  return {};
}

Result<void> from_snappy(ByteView in, std::size_t max_bytes, std::vector<std::byte>& out) {
  out.clear();
  if (in.size() < kXerialHeaderBytes || std::memcmp(in.data(), kXerialMagic.data(), kXerialMagic.size()) != 0)
    return from_snappy_block(in, max_bytes, out);  // one raw block, as librdkafka writes it
  for (ByteView rest = in.subspan(kXerialHeaderBytes); !rest.empty();) {
    if (rest.size() < sizeof(std::uint32_t)) return invalid("snappy", "half a block size");
    const std::size_t size = load_be<std::uint32_t>(rest.data());
    rest = rest.subspan(sizeof(std::uint32_t));
    if (size > rest.size()) return invalid("snappy", "ends early");
    FIRTH_CHECK(from_snappy_block(rest.first(size), max_bytes, out));
    rest = rest.subspan(size);
  }
  return {};
}

Result<void> from_lz4(LZ4F_dctx* context, ByteView in, std::size_t max_bytes, Output& out) {
  LZ4F_resetDecompressionContext(context);
  for (std::size_t at = 0;;) {
    out.grow();
    std::size_t produced = out.room();
    std::size_t consumed = in.size() - at;
    const std::size_t hint = LZ4F_decompress(context, out.data(), &produced, in.data() + at, &consumed, nullptr);
    if (LZ4F_isError(hint) != 0) return invalid("lz4", LZ4F_getErrorName(hint));
    at += consumed;
    out.filled(produced);
    if (out.over_limit()) return over_limit("lz4", max_bytes);
    if (hint == 0 && at == in.size()) return {};
    if (consumed == 0 && produced == 0) return invalid("lz4", "ends early");
  }
}

Result<void> from_zstd(ZSTD_DCtx* context, ByteView in, std::size_t max_bytes, Output& out) {
  ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
  ZSTD_inBuffer source = {in.data(), in.size(), 0};
  for (;;) {
    out.grow();
    ZSTD_outBuffer target = {out.data(), out.room(), 0};
    const std::size_t before = source.pos;
    const std::size_t hint = ZSTD_decompressStream(context, &target, &source);
    if (ZSTD_isError(hint) != 0) return invalid("zstd", ZSTD_getErrorName(hint));
    out.filled(target.pos);
    if (out.over_limit()) return over_limit("zstd", max_bytes);
    if (hint == 0 && source.pos == source.size) return {};
    if (target.pos == 0 && source.pos == before) return invalid("zstd", "ends early");
  }
}

// Batches are for the most part smaller than this after decompression; what is larger doubles its room.
std::size_t expected_bytes(ByteView in) { return in.size() * 4; }

}  // namespace

Decompressor::Decompressor() : contexts_(std::make_unique<Contexts>()) {}
Decompressor::~Decompressor() = default;

Result<void> Decompressor::decompress(Codec codec, ByteView in, std::size_t max_bytes, std::vector<std::byte>& out) {
  if (codec == Codec::kNone) {
    if (in.size() > max_bytes) return over_limit("none", max_bytes);
    out.assign(in.begin(), in.end());
    return {};
  }
  if (codec == Codec::kSnappy) return from_snappy(in, max_bytes, out);

  Output output(out, expected_bytes(in), max_bytes);
  Result<void> result;
  switch (codec) {
    case Codec::kGzip: {
      const int status = contexts_->gzip_ready ? inflateReset(&contexts_->gzip) : inflateInit2(&contexts_->gzip, kGzipWindowBits);
      FIRTH_ASSERT(status == Z_OK);
      contexts_->gzip_ready = true;
      result = from_gzip(contexts_->gzip, in, max_bytes, output);
      break;
    }
    case Codec::kLz4:
      if (contexts_->lz4 == nullptr) FIRTH_ASSERT(LZ4F_isError(LZ4F_createDecompressionContext(&contexts_->lz4, LZ4F_VERSION)) == 0);
      result = from_lz4(contexts_->lz4, in, max_bytes, output);
      break;
    case Codec::kZstd:
      if (contexts_->zstd == nullptr) contexts_->zstd = ZSTD_createDCtx();
      result = from_zstd(contexts_->zstd, in, max_bytes, output);
      break;
    case Codec::kNone:
    case Codec::kSnappy:
      break;
    default:
      return invalid("batch", "unknown codec");
  }
  output.finish();
  return result;
}

namespace {

void to_gzip(ByteView in, std::vector<std::byte>& out) {
  z_stream stream{};
  FIRTH_ASSERT(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindowBits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  out.resize(deflateBound(&stream, in.size()));
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  FIRTH_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);  // the bound is enough
  out.resize(stream.total_out);
  deflateEnd(&stream);
}

void to_snappy(ByteView in, std::vector<std::byte>& out) {
  out.assign(kXerialHeaderBytes, std::byte{0});
  std::memcpy(out.data(), kXerialMagic.data(), kXerialMagic.size());
  store_be(out.data() + 8, std::int32_t{1});   // version
  store_be(out.data() + 12, std::int32_t{1});  // oldest version that can read it
  for (std::size_t from = 0; from < in.size(); from += kXerialBlockBytes) {
    const ByteView block = in.subspan(from, std::min(kXerialBlockBytes, in.size() - from));
    const std::size_t at = out.size();
    std::size_t size = 0;
    out.resize(at + sizeof(std::uint32_t) + snappy::MaxCompressedLength(block.size()));
    snappy::RawCompress(reinterpret_cast<const char*>(block.data()), block.size(),
                        reinterpret_cast<char*>(out.data() + at + sizeof(std::uint32_t)), &size);
    store_be(out.data() + at, static_cast<std::uint32_t>(size));
    out.resize(at + sizeof(std::uint32_t) + size);
  }
}

void to_lz4(ByteView in, std::vector<std::byte>& out) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;  // Kafka's Java clients refuse blocks that depend on each other
  out.resize(LZ4F_compressFrameBound(in.size(), &preferences));
  const std::size_t size = LZ4F_compressFrame(out.data(), out.size(), in.data(), in.size(), &preferences);
  FIRTH_ASSERT(LZ4F_isError(size) == 0);
  out.resize(size);
}

void to_zstd(ByteView in, std::vector<std::byte>& out) {
  out.resize(ZSTD_compressBound(in.size()));
  const std::size_t size = ZSTD_compress(out.data(), out.size(), in.data(), in.size(), ZSTD_CLEVEL_DEFAULT);
  FIRTH_ASSERT(ZSTD_isError(size) == 0);
  out.resize(size);
}

}  // namespace

void compress(Codec codec, ByteView in, std::vector<std::byte>& out) {
  switch (codec) {
    case Codec::kNone:
      out.assign(in.begin(), in.end());
      return;
    case Codec::kGzip:
      return to_gzip(in, out);
    case Codec::kSnappy:
      return to_snappy(in, out);
    case Codec::kLz4:
      return to_lz4(in, out);
    case Codec::kZstd:
      return to_zstd(in, out);
  }
  FIRTH_ASSERT(codec <= Codec::kZstd);
}

}  // namespace firth::log
