#include "cli/server.h"

#include <fmt/core.h>

#include <array>
#include <boost/json.hpp>

#include "base/log.h"
#include "broker/nats_version.h"
#include "cli/jetstream_part.h"
#include "cli/kafka_part.h"
#include "cli/monitoring_part.h"
#include "cli/nats_part.h"
#include "cli/storage_part.h"
#include "runtime/process.h"

namespace firth::cli {

namespace {

Result<void> write_file(runtime::Files& files, const std::string& path, std::string_view text) {
  FIRTH_TRY(const auto file, files.open(path, runtime::OpenMode::kCreateOrReplace));
  return file->write_at(0, std::array{as_bytes(text)});
}

std::string ports_json(const Ports& ports) {
  const auto array = [](const std::vector<std::string>& addresses) { return boost::json::array(addresses.begin(), addresses.end()); };
  boost::json::object object;
  object["nats"] = array(ports.nats);
  object["monitoring"] = array(ports.monitoring);
  object["kafka"] = array(ports.kafka);
  return boost::json::serialize(object);
}

}  // namespace

Server::Server(const ServerConfig& config) : core_(config) {
  const StoragePart* stored = nullptr;
  if (config.jetstream.enabled || config.kafka.enabled) {
    auto storage = std::make_unique<StoragePart>(core_);
    auto jetstream = std::make_unique<JetStreamPart>(core_, *storage);
    StoragePart& under_faces = *storage;
    stored = storage.get();
    parts_.push_back(std::move(storage));
    parts_.push_back(std::move(jetstream));
    if (config.kafka.enabled) parts_.push_back(std::make_unique<KafkaPart>(core_, under_faces));
  }
  auto nats = std::make_unique<NatsPart>(core_);
  if (config.monitoring) parts_.push_back(std::make_unique<MonitoringPart>(core_, nats->face(), stored));
  parts_.push_back(std::move(nats));
}

Server::~Server() {
  while (!parts_.empty()) parts_.pop_back();
}

Result<void> Server::start() {
  log_info("Starting firth, NATS {}, {} shards", broker::kNatsVersion, core_.shards.size());
  for (const auto& part : parts_) FIRTH_CHECK(part->prepare());
  core_.shards.start();
  Result<void> started = start_parts();
  if (started) started = write_files();
  if (started) log_info("Server is ready");
  else stop();
  return started;
}

Result<void> Server::start_parts() {
  for (; started_parts_ < parts_.size(); ++started_parts_) FIRTH_CHECK(parts_[started_parts_]->start());
  return {};
}

void Server::stop() {
  log_info("Initiating Shutdown...");
  while (started_parts_ > 0) parts_[--started_parts_]->stop();
  core_.shards.stop();
  if (!ports_file_.empty())
    if (const auto removed = core_.files->remove(ports_file_); !removed) log_warning("ports file: {}", removed.error().text);
  log_info("Server Exiting..");
}

Result<void> Server::write_files() {
  const ServerConfig& config = core_.config;
  if (!config.pid_file.empty()) FIRTH_CHECK(write_file(*core_.files, config.pid_file, fmt::format("{}", runtime::process_id())));
  if (config.ports_file_dir.empty()) return {};
  const std::string path = fmt::format("{}/{}_{}.ports", config.ports_file_dir, config.program, runtime::process_id());
  FIRTH_CHECK(write_file(*core_.files, path + ".new", ports_json(core_.ports)));
  FIRTH_CHECK(core_.files->rename(path + ".new", path));  // whole, when it is seen
  ports_file_ = path;
  return {};
}

}  // namespace firth::cli
