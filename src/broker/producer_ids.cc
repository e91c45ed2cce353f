#include "broker/producer_ids.h"

#include <fmt/core.h>

#include <algorithm>

#include "broker/catalog.h"
#include "broker/piece_kinds.h"
#include "log/byte_io.h"

namespace firth::broker {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

std::vector<std::byte> ReservedProducerIds::reserve(std::int64_t end) {
  log::ByteWriter out;
  out.fixed(end);
  return out.take();
}

void ReservedProducerIds::apply(ByteView act) {
  log::ByteReader in(act);
  end_ = std::max(end_, in.fixed<std::int64_t>());
}

SharedBytes ReservedProducerIds::encode() const {
  log::ByteWriter out;
  out.fixed(kVersion);
  out.fixed(end_);
  return out.share();
}

Result<void> ReservedProducerIds::restore(ByteView bytes) {
  log::ByteReader in(bytes);
  if (const auto version = in.fixed<std::uint8_t>(); version != kVersion)
    return Error{Errc::kUnsupported, fmt::format("producer ids of version {}; this server reads {}", version, kVersion)};
  end_ = in.fixed<std::int64_t>();
  if (!in.done()) return Error{Errc::kCorrupt, "the reserved producer ids are not of the form that is written"};
  return {};
}

runtime::Task<Result<ProducerId>> ProducerIds::next() {
  while (next_ == end_) {
    log::Partition* partition = broker_.shard(ShardIndex(0)).log().find(catalog_partition());
    if (partition == nullptr) co_return Error{Errc::kUnavailable, "the server is starting"};
    const log::PieceKey key = piece_key(PieceKind::kProducerIds);
    if (!is_reserving_) {
      const auto* reserved = static_cast<const ReservedProducerIds*>(partition->piece(key));
      const std::int64_t begin = reserved == nullptr ? 0 : reserved->end();
      FIRTH_CO_CHECK(partition->act_on_piece({.piece = key, .act = ReservedProducerIds::reserve(begin + kBlock)}));
      is_reserving_ = true;
      const Result<void> done = co_await released(*partition);
      is_reserving_ = false;
      if (!done.ok()) co_return done.error();
      next_ = begin;
      end_ = begin + kBlock;
    } else {
      FIRTH_CO_CHECK(co_await released(*partition));  // whoever reserves waits for the same, in front of us
    }
  }
  co_return ProducerId(next_++);
}

}  // namespace firth::broker
