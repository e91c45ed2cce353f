#include "cli/nats_part.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "broker/nats_version.h"
#include "nats/server_id.h"
#include "security/password.h"

namespace firth::cli {

namespace {

constexpr ShardIndex kAcceptingShard{0};

// 0 and less: no limit.
std::size_t limit(std::int64_t configured) { return configured > 0 ? static_cast<std::size_t>(configured) : 0; }

nats::Credentials credentials_of(const AuthorizationConfig& config) {
  nats::Credentials credentials{.users = {}, .token = config.token};
  if (!config.user.empty()) credentials.users.push_back({config.user, config.password});
  for (const UserConfig& user : config.users) credentials.users.push_back({user.user, user.password});
  return credentials;
}

nats::Settings settings_of(const ServerConfig& config, runtime::Random& random) {
  std::array<std::byte, 32> key;
  random.fill(key);
  nats::Settings settings;
  nats::Info& info = settings.info;
  info.server_id = nats::make_server_id(key);
  info.server_name = config.server_name.empty() ? info.server_id : config.server_name;
  info.version = broker::kNatsVersion;
  info.go = "none";
  info.host = config.listen.host;
  info.headers = !config.no_header_support;
  info.max_payload = config.max_payload;
  settings.credentials = credentials_of(config.authorization);
  info.auth_required = settings.credentials.required();
  settings.limits = {.max_control_line = static_cast<std::uint32_t>(config.max_control_line), .max_payload = config.max_payload};
  settings.keep_alive = {.interval = config.ping_interval, .max_outstanding = config.ping_max};
  settings.authentication_timeout = config.authorization.timeout;
  settings.max_pending = static_cast<std::size_t>(std::max<std::int64_t>(config.max_pending, 0));
  settings.write_deadline = config.write_deadline;
  settings.max_subscriptions = limit(config.max_subscriptions);
  settings.max_subscription_tokens = limit(config.max_subscription_tokens);
  settings.max_connections = limit(config.max_connections);
  return settings;
}

// How many secrets of the configuration are hashes, and how many can be read in it.
struct Secrets {
  std::size_t hashed = 0, plain = 0;
};
Secrets count_secrets(const nats::Credentials& credentials) {
  Secrets secrets;
  const auto count = [&](std::string_view stored) { ++(security::is_bcrypt_hash(stored) ? secrets.hashed : secrets.plain); };
  for (const auto& user : credentials.users) count(user.password);
  if (!credentials.token.empty()) count(credentials.token);
  return secrets;
}

}  // namespace

NatsPart::NatsPart(Core& core) : core_(core), face_(settings_of(core.config, *core.random)) {
  sessions_.reserve(core.shards.size());
  for (std::uint32_t i = 0; i < core.shards.size(); ++i)
    sessions_.push_back(
        std::make_unique<nats::Sessions>(core.shards, core.shards[ShardIndex(i)], *core.network, *core.routers[i], *core.random, face_));
}

NatsPart::~NatsPart() = default;

Result<void> NatsPart::start() {
  const Secrets secrets = count_secrets(face_.settings.credentials);
  if (secrets.plain > 0) log_warning("Plaintext passwords detected, use nkeys or bcrypt");
  if (secrets.hashed > 0) {
    workers_ = runtime::make_worker_pool(1);
    face_.workers = workers_.get();
  }
  face_.settings.info.jetstream = core_.serves_jetstream;
  std::vector<nats::Sessions*> sessions;
  sessions.reserve(sessions_.size());
  for (const auto& of_shard : sessions_) sessions.push_back(of_shard.get());
  Result<void> listening;
  core_.run_on(kAcceptingShard, [&] {
    auto made = nats::Listener::listen(*core_.network, to_runtime(core_.config.listen), core_.shards, std::move(sessions), face_);
    if (!made) {
      listening = std::move(made).error();
      return;
    }
    listener_ = *std::move(made);
    face_.settings.info.port = listener_->address().port;
  });
  FIRTH_CHECK(std::move(listening));
  log_info("Listening for client connections on {}:{}", core_.config.listen.host, listener_->address().port);
  core_.ports.nats.push_back("nats://" + reachable(listener_->address()).to_string());
  return {};
}

void NatsPart::stop() {
  core_.run_on(kAcceptingShard, [&] { listener_.reset(); });
  core_.run_on_each([&](ShardIndex shard) { sessions_[shard.value()]->close_all(); });
}

}  // namespace firth::cli
