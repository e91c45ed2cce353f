#include "log/acts.h"

#include <algorithm>

#include "log/byte_io.h"

namespace firth::log {
namespace {

template <class T>
Result<T> whole(const ByteReader& in, T value) {
  if (!in.done()) return Error{Errc::kCorrupt, "an act is not of the form that is written"};
  return value;
}

}  // namespace

SharedBytes encode_config(const ConfigAct& act) {
  ByteWriter out;
  out.varint(act.catalog_version);
  out.prefixed(act.config);
  return out.share();
}

Result<ConfigAct> decode_config(ByteView body) {
  ByteReader in(body);
  ConfigAct act;
  act.catalog_version = in.varint();
  act.config = in.prefixed();
  return whole(in, act);
}

SharedBytes encode_erase(const std::vector<OffsetRange>& ranges) {
  ByteWriter out;
  out.varint(ranges.size());
  std::int64_t before = 0;
  for (const OffsetRange& range : ranges) {  // five bytes or less for a message that was erased alone
    out.varint(static_cast<std::uint64_t>(range.first.value() - before));
    out.varint(static_cast<std::uint64_t>(range.end - range.first));
    before = range.end.value();
  }
  return out.share();
}

Result<std::vector<OffsetRange>> decode_erase(ByteView body) {
  ByteReader in(body);
  std::vector<OffsetRange> ranges(in.count(2));
  Offset before{0};
  for (OffsetRange& range : ranges) {
    range.first = before + static_cast<std::int64_t>(in.varint());
    range.end = before = range.first + static_cast<std::int64_t>(in.varint());
  }
  return whole(in, std::move(ranges));
}

SharedBytes encode_offset(Offset offset) {
  ByteWriter out;
  out.offset(offset);
  return out.share();
}

Result<Offset> decode_offset(ByteView body) {
  ByteReader in(body);
  const Offset offset = in.offset();
  return whole(in, offset);
}

SharedBytes encode_reserve(const ReserveAct& act) {
  ByteWriter out;
  out.offset(act.end);
  out.raw(act.boot.bytes);
  return out.share();
}

Result<ReserveAct> decode_reserve(ByteView body) {
  ByteReader in(body);
  ReserveAct act;
  act.end = in.offset();
  const ByteView boot = in.raw(act.boot.bytes.size());
  std::copy(boot.begin(), boot.end(), act.boot.bytes.begin());
  return whole(in, act);
}

SharedBytes encode_epoch(const EpochStart& act) {
  ByteWriter out;
  out.fixed(act.epoch.value());
  out.offset(act.start);
  return out.share();
}

Result<EpochStart> decode_epoch(ByteView body) {
  ByteReader in(body);
  EpochStart act;
  act.epoch = LeaderEpoch(in.fixed<std::int32_t>());
  act.start = in.offset();
  return whole(in, act);
}

SharedBytes encode_piece_act(const PieceAct& act) {
  ByteWriter out;
  out.fixed(static_cast<std::uint8_t>(act.operation));
  out.fixed(act.piece.kind);
  out.prefixed(act.piece.id);
  out.raw(act.act);
  return out.share();
}

Result<PieceAct> decode_piece_act(ByteView body) {
  ByteReader in(body);
  PieceAct act;
  act.operation = static_cast<PieceOperation>(in.fixed<std::uint8_t>());
  act.piece.kind = in.fixed<std::uint16_t>();
  act.piece.id = in.text();
  act.act = in.rest();
  if (!in.ok()) return Error{Errc::kCorrupt, "an act is not of the form that is written"};
  return act;
}

}  // namespace firth::log
