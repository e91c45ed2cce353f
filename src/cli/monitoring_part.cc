#include "cli/monitoring_part.h"

#include "base/log.h"
#include "http/metrics.h"
#include "nats/varz.h"
#include "runtime/process.h"

namespace firth::cli {

namespace {

constexpr ShardIndex kShard{0};

}  // namespace

MonitoringPart::MonitoringPart(Core& core, const nats::Face& face, const StoragePart* storage)
    : core_(core), face_(face), storage_(storage), server_(*core.network, core.shards[kShard].loop) {
  server_.add_page("/healthz", [this](const http::Request&) { return healthz(); });
  server_.add_page("/varz", [this](const http::Request&) { return varz(); });
  server_.add_page("/metrics", [this](const http::Request&) {
    return http::Response{.content_type = http::kMetricsContentType, .body = http::metrics_text(core_.shards)};
  });
}

Result<void> MonitoringPart::start() {
  Result<void> listening;
  core_.run_on(kShard, [&] { listening = server_.listen(to_runtime(*core_.config.monitoring)); });
  FIRTH_CHECK(std::move(listening));
  log_info("Starting http monitor on {}", server_.address().to_string());
  core_.ports.monitoring.push_back("http://" + reachable(server_.address()).to_string());
  return {};
}

void MonitoringPart::stop() {
  core_.run_on(kShard, [&] { server_.close_all(); });
}

// As nats-server says that a part of it does not serve.
http::Response MonitoringPart::healthz() const {
  if (storage_ == nullptr || !storage_->broker().disk_status().failed.load(std::memory_order_relaxed))
    return {.body = R"({"status":"ok"})"};
  return {.status = 503, .body = R"({"status":"unavailable","error":"the journal has failed: nothing is written until restart"})"};
}

http::Response MonitoringPart::varz() {
  return {.body = nats::varz_json(face_, core_.shards,
                                  {.start = core_.started,
                                   .now = core_.shards[kShard].loop.wall_now(),
                                   .monitoring_port = server_.address().port,
                                   .monitoring_host = server_.address().host,
                                   .cores = runtime::usable_processors(),
                                   .resident_bytes = runtime::resident_bytes()})};
}

}  // namespace firth::cli
