// Batches without their erased records: what a reader is sent, and what the cleaner writes. A batch keeps its base offset, last offset
// delta, base timestamp, producer fields and codec, as Kafka's compaction would leave it; its records that live keep their bytes.
//
//   erased:    . . . x x x x x . x . .
//   batches:  |  A  |  B  |  C  |  D  |
//   result:   |  A  |     | C'  | D'  |      A by reference, B not at all
//
// Control batches are kept in any case: a consumer in read_committed that was told of an aborted transaction needs its marker to take the
// producer's later records again. So the list of aborted transactions of a fetch must be that of the offsets from the first batch sent.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/shared_bytes.h"
#include "log/batch_header.h"
#include "log/compression.h"
#include "log/visibility.h"

namespace firth::log {

enum class Survival : std::uint8_t { kWhole, kPartly, kNothing };
// Judged by the offsets of the batch, without looking into it.
Survival survival_of(const BatchView& batch, const Visibility& visibility);

// One thread at a time; keeps its buffers.
class EraseRewriter {
 public:
  static constexpr std::size_t kMaxRecordsBytes = std::size_t{1} << 30;  // what a batch may decompress to

  // Appends to `out` what is left of `batches`, which are whole, checked ones: slices of them where nothing is erased. Nothing is appended
  // if nothing lives; if nothing lives below the bound at all, the reader is owed build_hole_marker (batch_builder.h).
  // kCorrupt: the records of a batch that is to be rewritten cannot be read.
  Result<void> rewrite(const SharedBytes& batches, const Visibility& visibility, std::vector<SharedBytes>& out);

  // What is left of one batch; empty: nothing. Valid until the next call. REQUIRES: it survives partly.
  Result<ByteView> rewrite_batch(const BatchView& batch, const Visibility& visibility);

 private:
  ByteView compress_built(Codec codec);

  Decompressor decompressor_;
  std::vector<std::byte> plain_;       // the records of a compressed batch
  std::vector<std::byte> built_;       // the batch anew
  std::vector<std::byte> compressed_;  // its records
};

}  // namespace firth::log
