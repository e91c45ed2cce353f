// JetStream as a part of the server: streams and the API on every shard. After the storage, before NATS clients are greeted.
#pragma once

#include <memory>
#include <vector>

#include "broker/streams.h"
#include "cli/core.h"
#include "cli/part.h"
#include "cli/storage_part.h"
#include "jetstream/api.h"
#include "jetstream/capture.h"
#include "jetstream/consumers.h"

namespace firth::cli {

class JetStreamPart final : public Part {
 public:
  JetStreamPart(Core& core, StoragePart& storage) : core_(core), storage_(storage) {}
  ~JetStreamPart() override;
  Result<void> start() override;
  void stop() override;

  broker::Streams& streams(ShardIndex shard) { return *streams_[shard.value()]; }

 private:
  Core& core_;
  StoragePart& storage_;
  // By shard.
  std::vector<std::unique_ptr<broker::Streams>> streams_;
  std::vector<std::unique_ptr<jetstream::Captures>> captures_;
  std::vector<std::unique_ptr<jetstream::Consumers>> consumers_;
  std::vector<std::unique_ptr<jetstream::Api>> apis_;
};

}  // namespace firth::cli
