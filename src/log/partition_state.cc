#include "log/partition_state.h"

#include <fmt/core.h>

#include <algorithm>

#include "log/byte_io.h"

namespace firth::log {
namespace {

constexpr std::uint8_t kVersion = 2;
constexpr std::uint8_t kVersionWithoutRewritten = 1;

void put_segment(ByteWriter& out, const SegmentDescription& segment) {
  out.offset(segment.name.base);
  out.varint(segment.name.generation);
  out.varint(segment.length);
  out.offset(segment.next_offset);
  out.signed_varint(segment.max_timestamp_ms);
  out.fixed(static_cast<std::uint8_t>(segment.sealed));
}

SegmentDescription get_segment(ByteReader& in) {
  SegmentDescription segment;
  segment.name.base = in.offset();
  segment.name.generation = static_cast<std::uint32_t>(in.varint());
  segment.length = in.varint();
  segment.next_offset = in.offset();
  segment.max_timestamp_ms = in.signed_varint();
  segment.sealed = in.fixed<std::uint8_t>() != 0;
  return segment;
}

}  // namespace

SharedBytes encode_partition_state(const PartitionState& state) {
  ByteWriter out;
  out.fixed(kVersion);
  out.offset(state.log_start);
  out.offset(state.first);
  out.offset(state.next);
  out.offset(state.reserved);
  out.raw(state.reserved_in.bytes);
  out.varint(state.epochs.size());
  for (const EpochStart& epoch : state.epochs) {
    out.signed_varint(epoch.epoch.value());
    out.offset(epoch.start);
  }
  out.varint(state.catalog_version);
  out.prefixed(state.config.view());
  out.varint(state.segments.size());
  for (const SegmentDescription& segment : state.segments) put_segment(out, segment);
  out.varint(state.rewritten.size());
  for (const RewrittenSegment& segment : state.rewritten) {
    out.offset(segment.base);
    out.signed_varint(segment.live);
  }
  return out.share();
}

Result<PartitionState> decode_partition_state(ByteView bytes) {
  ByteReader in(bytes);
  const auto version = in.fixed<std::uint8_t>();
  if (version != kVersion && version != kVersionWithoutRewritten)
    return Error{Errc::kUnsupported, fmt::format("partition state of version {}; this server reads {}", version, kVersion)};
  PartitionState state;
  state.log_start = in.offset();
  state.first = in.offset();
  state.next = in.offset();
  state.reserved = in.offset();
  const ByteView boot = in.raw(state.reserved_in.bytes.size());
  std::copy(boot.begin(), boot.end(), state.reserved_in.bytes.begin());
  state.epochs.resize(in.count(2));
  for (EpochStart& epoch : state.epochs) {
    epoch.epoch = LeaderEpoch(static_cast<std::int32_t>(in.signed_varint()));
    epoch.start = in.offset();
  }
  state.catalog_version = in.varint();
  state.config = SharedBytes::copy(in.prefixed());
  state.segments.resize(in.count(6));
  for (SegmentDescription& segment : state.segments) segment = get_segment(in);
  if (version >= kVersion) state.rewritten.resize(in.count(2));
  for (RewrittenSegment& segment : state.rewritten) {
    segment.base = in.offset();
    segment.live = in.signed_varint();
  }
  if (!in.done()) return Error{Errc::kCorrupt, "partition state is not of the form that is written"};
  return state;
}

}  // namespace firth::log
