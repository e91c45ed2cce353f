// Walking the batches of a segment file when its bytes may be damaged. The CRC of a batch does not cover base offset, length, epoch and
// magic, so each batch is judged together with its neighbours: offsets and epochs run upward, and where one batch ends the next begins.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/result.h"
#include "log/batch_header.h"
#include "runtime/files.h"

namespace firth::log {

// What a batch must fit into.
struct BatchContext {
  Offset next_offset{0};                                        // after the batch before
  LeaderEpoch epoch{-1};                                        // of the batch before
  Offset end_offset{std::numeric_limits<std::int64_t>::max()};  // of the segment: no batch goes beyond
};

enum class BatchVerdict : std::uint8_t {
  kGood,
  kNeedMore,  // the bytes end before the batch, or before the header of the one after it
  kDamaged,   // it contradicts itself or a neighbour
};

// Judges the batch at the front of `bytes`; `left` is how many the segment has from there. All of the batch is read (CRC).
BatchVerdict judge_batch(ByteView bytes, std::uint64_t left, const BatchContext& context);

class BatchScan {
 public:
  struct Range {
    std::uint64_t begin;
    std::uint64_t end;
  };
  enum class Kind : std::uint8_t { kBatch, kDamage, kEnd };
  struct Step {
    Kind kind;
    Range range;     // of the batch, or of what is damaged
    ByteView batch;  // valid until the next call
  };

  // Scans range of the file, reading blocks of 256 KiB or of one batch if that is larger. REQUIRES: the range begins with a batch, and
  // lies within the file. The file must live as long.
  BatchScan(const runtime::File& file, Range range, BatchContext context)
      : file_(&file), position_(range.begin), end_(range.end), context_(context) {}

  // After damage the next step is the first good batch behind it. Errors are those of reading.
  Result<Step> next();

 private:
  // At least `bytes` from `position`, or all up to the end. kCorrupt: the file is shorter than the range.
  Result<ByteView> window(std::uint64_t position, std::uint64_t bytes);
  Result<BatchVerdict> judge(std::uint64_t position);
  Result<std::uint64_t> resume_after_damage(std::uint64_t damaged);
  Result<bool> is_followed(std::uint64_t position);
  Step take(std::uint64_t position);

  const runtime::File* file_;
  std::uint64_t position_;
  std::uint64_t end_;
  BatchContext context_;
  std::vector<std::byte> buffer_;
  std::uint64_t buffer_position_ = 0;
};

}  // namespace firth::log
