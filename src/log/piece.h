// A piece of a partition's visible state that a higher layer owns: a consumer, producers, a group's offsets, the catalog. It changes only
// by released frames, in order, through the one apply path that leader and recovery share; nothing in it is derived from config or clock.
//
// Shard: the partition's. Kinds are on disk: never renumbered (they are listed in broker/piece_kinds.h).
#pragma once

#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/shared_bytes.h"
#include "log/batch_header.h"
#include "log/erased_set.h"
#include "log/manifest.h"

namespace firth::log {

class Piece {
 public:
  virtual ~Piece() = default;

  // An act that was written for this piece (Partition::act_on_piece).
  virtual void apply(ByteView act) = 0;
  // What else is released in its partition, for pieces that follow the data: those that say so are told, and checkpointed after it.
  virtual bool follows_data() const { return false; }  // the same at all times
  virtual void on_batch(const BatchView&, const SharedBytes&) {}
  virtual void on_erased(OffsetRange) {}
  virtual void on_first_moved(Offset) {}

  // The whole state for a checkpoint, and back. restore is called once, on a new piece; kCorrupt or kUnsupported (a later version).
  virtual SharedBytes encode() const = 0;
  virtual Result<void> restore(ByteView bytes) = 0;
};

// Makes an empty piece when its first act is applied, or at recovery. nullptr: an unknown kind, which ends recovery with an error.
using PieceFactory = std::function<std::unique_ptr<Piece>(const PartitionKey&, const PieceKey&)>;

}  // namespace firth::log
