// The NATS face as a part of the server: sessions on every shard, a listener on the first. It starts last, for a client that is greeted
// may use everything.
#pragma once

#include <memory>
#include <vector>

#include "cli/core.h"
#include "cli/part.h"
#include "nats/face.h"
#include "nats/listener.h"
#include "nats/sessions.h"

namespace firth::cli {

class NatsPart final : public Part {
 public:
  explicit NatsPart(Core& core);
  ~NatsPart() override;
  Result<void> start() override;
  void stop() override;

  const nats::Face& face() const { return face_; }

 private:
  Core& core_;
  std::unique_ptr<runtime::WorkerPool> workers_;  // if password hashes are to be compared
  nats::Face face_;
  std::vector<std::unique_ptr<nats::Sessions>> sessions_;  // by shard
  std::unique_ptr<nats::Listener> listener_;
};

}  // namespace firth::cli
