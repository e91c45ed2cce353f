#include "broker/decoded_batch.h"

#include <vector>

#include "log/batch_header.h"

namespace firth::broker {
namespace {

constexpr std::size_t kMaxDecompressedBytes = std::size_t{64} << 20;

}  // namespace

Result<SharedBytes> records_of(const SharedBytes& batch, log::Decompressor& decompressor) {
  const log::BatchView view(batch.view());
  if (view.codec() == log::Codec::kNone) return batch.slice(log::kBatchHeaderBytes, view.size() - log::kBatchHeaderBytes);
  std::vector<std::byte> out;
  FIRTH_CHECK(decompressor.decompress(view.codec(), view.records(), kMaxDecompressedBytes, out));
  return SharedBytes::copy(out);
}

}  // namespace firth::broker
