// The Kafka face as a part of the server: it starts after the storage, for a client that connects may use everything.
#pragma once

#include <memory>
#include <vector>

#include "broker/live_delivery.h"
#include "cli/core.h"
#include "cli/part.h"
#include "cli/storage_part.h"
#include "kafka/server.h"

namespace firth::cli {

class KafkaPart final : public Part {
 public:
  KafkaPart(Core& core, StoragePart& storage) : core_(core), storage_(storage) {}

  Result<void> prepare() override;
  Result<void> start() override;
  void stop() override;

 private:
  runtime::Address listen_address() const;

  Core& core_;
  StoragePart& storage_;
  std::unique_ptr<kafka::KafkaServer> server_;
  std::vector<std::unique_ptr<broker::LiveDelivery>> live_deliveries_;  // by shard
};

}  // namespace firth::cli
