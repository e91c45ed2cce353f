#include "cli/storage_part.h"

#include <fmt/core.h>

#include <semaphore>

#include "base/log.h"
#include "runtime/task_group.h"

namespace firth::cli {

namespace {

constexpr std::string_view kDefaultDirectory = "firth-data";
constexpr int kWorkers = 2;

runtime::Task<> start_broker(broker::Broker& broker, Result<void>& result, std::binary_semaphore& done) {
  result = co_await broker.start();
  done.release();
}

}  // namespace

StoragePart::StoragePart(Core& core)
    : core_(core),
      commit_thread_(runtime::make_thread("commit")),
      checkpoint_thread_(runtime::make_thread("checkpoint")),
      workers_(runtime::make_worker_pool(kWorkers)) {}

StoragePart::~StoragePart() = default;

Result<void> StoragePart::prepare() {
  broker::BrokerSettings settings;
  settings.disk.directory = core_.config.jetstream.store_dir.empty() ? kDefaultDirectory : core_.config.jetstream.store_dir;
  FIRTH_TRY(broker_, broker::Broker::open(settings, core_.shards,
                                          {.files = *core_.files,
                                           .random = *core_.random,
                                           .commit_thread = *commit_thread_,
                                           .checkpoint_thread = *checkpoint_thread_,
                                           .workers = *workers_}));
  const log::RecoveryReport& recovery = broker_->disk().recovery();
  log_info("Data directory {}: {} partitions, {} frames replayed{}", settings.disk.directory, recovery.partition_count,
           recovery.replayed_frames, recovery.torn_tail ? ", a torn tail was cut" : "");
  return {};
}

Result<void> StoragePart::start() {
  Result<void> result;
  std::binary_semaphore done(0);
  runtime::Shard& first = core_.shards[ShardIndex(0)];
  first.loop.post([&] { first.tasks.spawn(start_broker(*broker_, result, done)); });
  done.acquire();
  return result;
}

void StoragePart::stop() {
  std::binary_semaphore done(0);
  broker_->settle([&done] { done.release(); });
  done.acquire();
}

}  // namespace firth::cli
