#include "nats/varz.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <boost/json.hpp>

namespace firth::nats {

namespace {

namespace json = boost::json;

// 2026-01-02T15:04:05.000000006Z
std::string rfc3339(runtime::WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:09}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), (time - seconds).count());
}

// "1d2h3m4s", leading zeroes left out, as in nats-server.
std::string uptime_text(std::chrono::seconds uptime) {
  const auto total = uptime.count();
  const auto days = total / 86400;
  const auto hours = total / 3600 % 24;
  const auto minutes = total / 60 % 60;
  std::string text;
  if (days != 0) text += fmt::format("{}d", days);
  if (total >= 3600) text += fmt::format("{}h", hours);
  if (total >= 60) text += fmt::format("{}m", minutes);
  return text + fmt::format("{}s", total % 60);
}

}  // namespace

std::string varz_json(const Face& face, const runtime::Shards& shards, const VarzFacts& facts) {
  const Settings& settings = face.settings;
  const Info& info = settings.info;
  json::object varz;
  varz["server_id"] = info.server_id;
  varz["server_name"] = info.server_name;
  varz["version"] = info.version;
  varz["proto"] = 1;
  varz["go"] = info.go;
  varz["host"] = info.host;
  varz["port"] = info.port;
  if (info.auth_required) varz["auth_required"] = true;
  varz["max_connections"] = settings.max_connections;
  if (settings.max_subscriptions != 0) varz["max_subscriptions"] = settings.max_subscriptions;
  varz["ping_interval"] = settings.keep_alive.interval.count();
  varz["ping_max"] = settings.keep_alive.max_outstanding;
  varz["http_host"] = facts.monitoring_host;
  varz["http_port"] = facts.monitoring_port;
  varz["auth_timeout"] = std::chrono::duration<double>(settings.authentication_timeout).count();
  varz["max_control_line"] = settings.limits.max_control_line;
  varz["max_payload"] = settings.limits.max_payload;
  varz["max_pending"] = settings.max_pending;
  varz["write_deadline"] = settings.write_deadline.count();
  varz["start"] = rfc3339(facts.start);
  varz["now"] = rfc3339(facts.now);
  varz["uptime"] = uptime_text(std::chrono::duration_cast<std::chrono::seconds>(facts.now - facts.start));
  if (facts.resident_bytes != 0) varz["mem"] = facts.resident_bytes;
  varz["cores"] = facts.cores;
  varz["gomaxprocs"] = shards.size();
  varz["connections"] = face.connections.load(std::memory_order_relaxed);
  varz["total_connections"] = face.last_client_id.load(std::memory_order_relaxed);
  varz["subscriptions"] = shards.sum(Counter::kSubscriptions);
  varz["in_msgs"] = shards.sum(Counter::kMessagesIn);
  varz["out_msgs"] = shards.sum(Counter::kMessagesOut);
  varz["in_bytes"] = shards.sum(Counter::kBytesIn);
  varz["out_bytes"] = shards.sum(Counter::kBytesOut);
  varz["slow_consumers"] = shards.sum(Counter::kSlowConsumers);
  json::object memory;  // ours: nats-server has no budget
  memory["budget"] = shards.memory().budget_bytes();
  for (const runtime::MemoryKind kind : runtime::kMemoryKinds) memory[to_string(kind)] = shards.memory().used_bytes(kind);
  varz["firth_memory"] = std::move(memory);
  return json::serialize(varz) + "\n";
}

}  // namespace firth::nats
