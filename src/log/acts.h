// The bodies of entries that are not batches (frame.h, EntryKind): what is decided about a partition, encoded. Each decoder returns
// kCorrupt for what the encoder never writes.
#pragma once

#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/shared_bytes.h"
#include "log/erased_set.h"
#include "log/manifest.h"

namespace firth::log {

// Birth and config: what the partition is to do from here on, as the layer above encodes it, with the version of the catalog that says so.
struct ConfigAct {
  std::uint64_t catalog_version = 0;
  ByteView config;
};
SharedBytes encode_config(const ConfigAct& act);
Result<ConfigAct> decode_config(ByteView body);

// Erase: ranges in ascending order.
SharedBytes encode_erase(const std::vector<OffsetRange>& ranges);
Result<std::vector<OffsetRange>> decode_erase(ByteView body);

// Reserve: in this life of the machine no offset at or above `end` was handed out. It may be below what an earlier one said.
struct ReserveAct {
  Offset end;
  BootId boot;
};
SharedBytes encode_reserve(const ReserveAct& act);
Result<ReserveAct> decode_reserve(ByteView body);

// Log start and first: one offset.
SharedBytes encode_offset(Offset offset);
Result<Offset> decode_offset(ByteView body);

struct EpochStart {
  LeaderEpoch epoch;
  Offset start;
  bool operator==(const EpochStart&) const = default;
};
SharedBytes encode_epoch(const EpochStart& act);
Result<EpochStart> decode_epoch(ByteView body);

enum class PieceOperation : std::uint8_t { kAct = 1, kRemove = 2 };
struct PieceAct {
  PieceKey piece;
  PieceOperation operation = PieceOperation::kAct;
  ByteView act;
};
SharedBytes encode_piece_act(const PieceAct& act);
Result<PieceAct> decode_piece_act(ByteView body);

}  // namespace firth::log
