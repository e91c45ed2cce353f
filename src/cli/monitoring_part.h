// Monitoring as a part of the server: /varz, /healthz and /metrics over HTTP, on the first shard.
#pragma once

#include <memory>

#include "cli/core.h"
#include "cli/part.h"
#include "http/server.h"
#include "nats/face.h"

namespace firth::cli {

class MonitoringPart final : public Part {
 public:
  MonitoringPart(Core& core, const nats::Face& face);
  Result<void> start() override;
  void stop() override;

 private:
  http::Response varz();

  Core& core_;
  const nats::Face& face_;
  http::Server server_;
};

}  // namespace firth::cli
