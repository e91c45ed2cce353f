// Monitoring as a part of the server: /varz, /healthz and /metrics over HTTP, on the first shard.
#pragma once

#include <memory>

#include "cli/core.h"
#include "cli/part.h"
#include "cli/storage_part.h"
#include "http/server.h"
#include "nats/face.h"

namespace firth::cli {

class MonitoringPart final : public Part {
 public:
  // `storage`: nullptr if nothing is stored.
  MonitoringPart(Core& core, const nats::Face& face, const StoragePart* storage);
  Result<void> start() override;
  void stop() override;

 private:
  http::Response varz();
  http::Response healthz() const;

  Core& core_;
  const nats::Face& face_;
  const StoragePart* const storage_;
  http::Server server_;
};

}  // namespace firth::cli
