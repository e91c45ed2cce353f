// The four codecs of Kafka batches, with a bound on what comes out: a small batch can claim to be anything.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "log/batch_header.h"

namespace firth::log {

// Keeps its working memory (about 200 KiB a codec, for zstd up to the frame's window, at most 128 MiB) from one call to the next. One
// thread at a time.
class Decompressor {
 public:
  Decompressor();
  ~Decompressor();

  // Replaces `out` by what `in` decompresses to. kInvalid: it cannot be decompressed. kLimit: more than max_bytes would come out; memory
  // beyond that was not taken. `out` is unspecified after an error. Takes about 1 ms per MiB: for large batches, on the worker pool.
  Result<void> decompress(Codec codec, ByteView in, std::size_t max_bytes, std::vector<std::byte>& out);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

// Replaces `out` by the compressed form of `in`, at the codec's default level; snappy in the framing of Kafka's Java clients, which all
// read.
void compress(Codec codec, ByteView in, std::vector<std::byte>& out);

}  // namespace firth::log
