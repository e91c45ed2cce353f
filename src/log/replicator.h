// The seam between a group of partitions and whatever makes its frames survive: on one node the journal of the disk (local_replicator.h),
// in a cluster consensus over it. A group's frames are written and committed in the order in which they were submitted, without gaps.
//
//   written    survives the death of the process: high watermarks of partitions with durability `os` follow
//   committed  survives power loss (in a cluster: on a majority): those with durability `sync` follow
#pragma once

#include <memory>

#include "base/ids.h"
#include "base/result.h"
#include "log/frame.h"

namespace firth::log {

// Told on the group's shard.
class ReplicationListener {
 public:
  virtual ~ReplicationListener() = default;
  // Each frame up to this one has reached the mark. `replay_from` is where recovery must start to meet that frame first.
  virtual void on_written(FrameIndex index, JournalPosition replay_from) = 0;
  virtual void on_committed(FrameIndex index) = 0;
  // Nothing that was submitted and not committed ever will be; nothing more can be submitted until restart.
  virtual void on_failed(const Error& why) = 0;
};

class Replicator {
 public:
  virtual ~Replicator() = default;
  // On the group's shard, at most kMaxFrameBytes. The frame stays where it is and unchanged until it is committed.
  virtual void submit(const Frame& frame, ReplicationListener& listener) = 0;
};

}  // namespace firth::log
