// Any bytes as what a producer sends: refused, or read to the end, and written anew to a batch with the same records.
#include "base/assert.h"
#include "log/batch_builder.h"
#include "log/batch_rules.h"
#include "log/compression.h"
#include "log/record.h"

using namespace firth;
using namespace firth::log;

namespace {

constexpr std::size_t kMaxBytes = 1 << 20;

void walk(const BatchView& batch, ByteView records) {
  std::vector<std::byte> copy;
  BatchBuilder builder(copy, identity_of(batch));
  RecordReader reader(batch, records);
  RecordView record;
  for (ReadStep step; (step = reader.next(record)) != ReadStep::kEnd;) {
    FIRTH_ASSERT(step == ReadStep::kRead);
    HeaderReader headers(record);
    RecordHeader header;
    for (ReadStep of_header; (of_header = headers.next(header)) != ReadStep::kEnd;) FIRTH_ASSERT(of_header == ReadStep::kRead);
    builder.append_copy(record);
  }
  const BatchView written(builder.finish());
  FIRTH_ASSERT(as_text(written.records()) == as_text(records));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::vector<std::byte> bytes(std::as_bytes(std::span(data, size)).begin(), std::as_bytes(std::span(data, size)).end());
  if (bytes.size() >= kBatchHeaderBytes) {  // no fuzzer guesses a CRC or a length
    store_be(bytes.data() + 8, static_cast<std::int32_t>(bytes.size() - kBatchLengthEnd));
    bytes[16] = std::byte{kBatchMagic};
    store_be(bytes.data() + 17, crc32c(ByteView(bytes).subspan(kBatchCrcBegin)));
  }
  if (check_produced_batch(bytes) != BatchFault::kNone) return 0;
  const BatchView batch{ByteView(bytes)};
  std::vector<std::byte> records;
  static Decompressor decompressor;
  if (!decompressor.decompress(batch.codec(), batch.records(), kMaxBytes, records).ok()) return 0;
  FIRTH_ASSERT(records.size() <= kMaxBytes);
  if (check_records(batch, records, {}).fault == BatchFault::kNone) walk(batch, records);
  return 0;
}
