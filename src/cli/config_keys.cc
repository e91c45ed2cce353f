// The keys that are served, a row each. A key that nats-server knows and Firth does not serve yet is an error that says so: an operator
// must not believe in a protection or a cluster that is not there. What only shapes the real server's logs is ignored with a warning.
#include "cli/config_keys.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "base/saturating.h"
#include "cli/config_reader.h"

namespace firth::cli {

namespace {

struct Context {
  std::string_view key;  // the row's first name
  const ConfigValue& value;
  ServerConfig& config;
  ConfigProblems& problems;
};

template <class T>
void store(T& to, std::optional<T> value) {
  if (value) to = std::move(*value);
}

// Rows ---------------------------------------------------------------------------------------------------------------------------------

template <class Target>
struct Row {
  std::vector<std::string_view> names;
  void (*read)(const Context&, Target&);
};

template <class Target, std::size_t kRowCount>
void read_fields(const ConfigMap& map, const Row<Target> (&rows)[kRowCount], std::string_view block, Target& target, ServerConfig& config,
                 ConfigProblems& problems);

template <auto kMember>
constexpr auto boolean =
    [](const Context& context, auto& target) { store(target.*kMember, read_boolean(context.key, context.value, context.problems)); };
template <auto kMember>
constexpr auto integer =
    [](const Context& context, auto& target) { store(target.*kMember, read_integer(context.key, context.value, context.problems)); };
template <auto kMember>
constexpr auto string =
    [](const Context& context, auto& target) { store(target.*kMember, read_string(context.key, context.value, context.problems)); };
template <auto kMember>
constexpr auto duration =
    [](const Context& context, auto& target) { store(target.*kMember, read_duration(context.key, context.value, context.problems)); };
template <auto kMember>
constexpr auto storage_size =
    [](const Context& context, auto& target) { store(target.*kMember, read_storage_size(context.key, context.value, context.problems)); };
// An integer of 32 bits in the real server.
template <auto kMember>
constexpr auto size = [](const Context& context, auto& target) {
  const auto value = read_integer(context.key, context.value, context.problems);
  if (value && *value > std::numeric_limits<std::int32_t>::max())
    context.problems.error(context.value.position, fmt::format("{} value is too big", context.key));
  else store(target.*kMember, value);
};

std::optional<int> read_port(const Context& context) {
  const auto port = read_integer(context.key, context.value, context.problems);
  if (!port) return std::nullopt;
  if (*port >= kRandomPort && *port <= 65535) return static_cast<int>(*port);
  context.problems.error(context.value.position, fmt::format("port {} is out of range", *port));
  return std::nullopt;
}

// authorization { ... } ------------------------------------------------------------------------------------------------------------------

const Row<UserConfig> kUserRows[] = {
    {{"user", "username"}, string<&UserConfig::user>},
    {{"pass", "password"}, string<&UserConfig::password>},
};

void read_users(const Context& context, AuthorizationConfig& authorization) {
  const auto* const users = std::get_if<ConfigArray>(&context.value.data);
  if (users == nullptr) {
    context.problems.error(context.value.position, fmt::format("Expected users field to be an array, got {}", kind_of(context.value)));
    return;
  }
  for (const ConfigValue& entry : *users) {
    const auto* const fields = std::get_if<ConfigMap>(&entry.data);
    if (fields == nullptr) {
      context.problems.error(entry.position, fmt::format("Expected user entry to be a map/struct, got {}", kind_of(entry)));
      continue;
    }
    UserConfig user;
    read_fields(*fields, kUserRows, "users", user, context.config, context.problems);
    if (user.user.empty()) context.problems.error(entry.position, "User entry requires a user");
    if (std::ranges::find(authorization.users, user.user, &UserConfig::user) != authorization.users.end())
      context.problems.error(context.value.position, fmt::format("Duplicate user \"{}\" detected", user.user));
    authorization.users.push_back(std::move(user));
  }
}

void read_timeout(const Context& context, AuthorizationConfig& authorization) {
  if (const auto* const seconds = std::get_if<double>(&context.value.data)) {
    constexpr double kMostSeconds = 9e9;  // that nanoseconds can say, near enough
    const std::chrono::duration<double> timeout(std::clamp(*seconds, -kMostSeconds, kMostSeconds));
    authorization.timeout = std::chrono::duration_cast<std::chrono::nanoseconds>(timeout);
  } else if (const auto* const whole = std::get_if<std::int64_t>(&context.value.data)) {
    authorization.timeout = to_nanoseconds(std::chrono::seconds(*whole));
  } else {
    store(authorization.timeout, read_duration("authorization config, 'timeout'", context.value, context.problems));
  }
}

const Row<AuthorizationConfig> kAuthorizationRows[] = {
    {{"user", "username"}, string<&AuthorizationConfig::user>},
    {{"pass", "password"}, string<&AuthorizationConfig::password>},
    {{"token"}, string<&AuthorizationConfig::token>},
    {{"timeout"}, read_timeout},
    {{"users"}, read_users},
};

void read_authorization(const Context& context, ServerConfig& config) {
  const ConfigMap* const map = read_map(context.key, context.value, context.problems);
  if (map == nullptr) return;
  AuthorizationConfig& authorization = config.authorization;
  read_fields(*map, kAuthorizationRows, context.key, authorization, config, context.problems);
  const bool single = !authorization.user.empty() || !authorization.password.empty();
  const ConfigPosition& position = context.value.position;
  if (single && !authorization.token.empty()) context.problems.error(position, "Cannot have a user/pass and token");
  if (single && !authorization.users.empty()) context.problems.error(position, "Can not have a single user/pass and a users array");
  if (!authorization.token.empty() && !authorization.users.empty())
    context.problems.error(position, "Can not have a token and a users array");
}

// jetstream, kafka, shards
// -----------------------------------------------------------------------------------------------------------------

void read_store_dir(const Context& context, ServerConfig& config) {
  const auto directory = read_string(context.key, context.value, context.problems);
  if (!directory) return;
  if (!config.jetstream.store_dir.empty() && config.jetstream.store_dir != *directory)
    context.problems.error(context.value.position, "Duplicate 'store_dir' configuration");
  config.jetstream.store_dir = *directory;
}

void read_sync_interval(const Context& context, JetStreamConfig& jetstream) {
  const auto* const text = std::get_if<std::string>(&context.value.data);
  if (text != nullptr && equal_in_any_case(*text, "always")) {
    jetstream.sync_interval.reset();
  } else if (const auto interval = read_duration("sync_interval", context.value, context.problems)) {
    jetstream.sync_interval = interval;
  }
}

const Row<JetStreamConfig> kJetStreamRows[] = {
    {{"enabled", "enable"}, boolean<&JetStreamConfig::enabled>},
    {{"store_dir", "storedir"}, [](const Context& context, JetStreamConfig&) { read_store_dir(context, context.config); }},
    {{"max_mem", "max_memory", "max_mem_store", "max_memory_store"}, storage_size<&JetStreamConfig::max_memory>},
    {{"max_file", "max_file_store"}, storage_size<&JetStreamConfig::max_store>},
    {{"sync_interval", "sync"}, read_sync_interval},
};

void read_jetstream(const Context& context, ServerConfig& config) {
  if (const auto* const enabled = std::get_if<bool>(&context.value.data)) {
    config.jetstream.enabled = *enabled;
  } else if (const auto* const word = std::get_if<std::string>(&context.value.data)) {
    const bool known = equal_in_any_case(*word, "enabled") || equal_in_any_case(*word, "disabled");
    if (known) config.jetstream.enabled = equal_in_any_case(*word, "enabled");
    else context.problems.error(context.value.position, fmt::format("Expected 'enabled' or 'disabled' for string value, got '{}'", *word));
  } else if (const auto* const map = std::get_if<ConfigMap>(&context.value.data)) {
    config.jetstream.enabled = true;
    read_fields(*map, kJetStreamRows, context.key, config.jetstream, config, context.problems);
  } else {
    context.problems.error(context.value.position,
                           fmt::format("Expected map, bool or string to define JetStream, got {}", kind_of(context.value)));
  }
}

constexpr std::int64_t kMaxDefaultPartitions = 10'000;

const Row<KafkaConfig> kKafkaRows[] = {
    {{"enabled"}, boolean<&KafkaConfig::enabled>},
    {{"listen"},
     [](const Context& context, KafkaConfig& kafka) {
       store(kafka.listen, read_address(context.value, kafka.listen.host, context.problems));
     }},
    {{"advertised"},
     [](const Context& context, KafkaConfig& kafka) {
       if (auto address = read_address(context.value, {}, context.problems)) kafka.advertised = std::move(address);
     }},
    {{"deliver"}, boolean<&KafkaConfig::deliver>},
    {{"auto_create_topics"}, boolean<&KafkaConfig::auto_create_topics>},
    {{"default_partitions"},
     [](const Context& context, KafkaConfig& kafka) {
       const auto count = read_integer(context.key, context.value, context.problems);
       if (count && (*count < 1 || *count > kMaxDefaultPartitions))
         context.problems.error(context.value.position,
                                fmt::format("kafka: default_partitions must be 1 to {}, not {}", kMaxDefaultPartitions, *count));
       else if (count) kafka.default_partitions = *count;
     }},
    {{"group_initial_rebalance_delay"}, duration<&KafkaConfig::group_initial_rebalance_delay>},
};

const Row<ShardsConfig> kShardsRows[] = {
    {{"count"},
     [](const Context& context, ShardsConfig& shards) {
       const auto count = read_integer(context.key, context.value, context.problems);
       if (count && (*count < 0 || *count > kMaxShards))
         context.problems.error(context.value.position, fmt::format("shards: count must be 0 to {}, not {}", kMaxShards, *count));
       else if (count) shards.count = static_cast<int>(*count);
     }},
    {{"connections_per_shard"},
     [](const Context& context, ShardsConfig& shards) {
       const auto count = read_integer(context.key, context.value, context.problems);
       if (count && *count <= 0)
         context.problems.error(context.value.position, fmt::format("shards: connections_per_shard must be 1 or more, not {}", *count));
       else if (count) shards.connections_per_shard = static_cast<std::size_t>(*count);
     }},
};

void read_kafka(const Context& context, ServerConfig& config) {
  if (const auto* const enabled = std::get_if<bool>(&context.value.data)) {
    config.kafka.enabled = *enabled;
    return;
  }
  const ConfigMap* const map = read_map(context.key, context.value, context.problems);
  if (map == nullptr) return;
  config.kafka.enabled = true;
  read_fields(*map, kKafkaRows, context.key, config.kafka, config, context.problems);
}

void read_shards(const Context& context, ServerConfig& config) {
  if (const ConfigMap* const map = read_map(context.key, context.value, context.problems))
    read_fields(*map, kShardsRows, context.key, config.shards, config, context.problems);
}

// The top level
// ----------------------------------------------------------------------------------------------------------------------------

void read_server_name(const Context& context, ServerConfig& config) {
  const auto name = read_string(context.key, context.value, context.problems);
  if (name && name->find(' ') != std::string::npos) context.problems.error(context.value.position, "server name cannot contain spaces");
  else store(config.server_name, name);
}

void read_monitoring_port(const Context& context, ServerConfig& config) {
  const auto port = read_port(context);
  if (!port) return;
  if (!config.monitoring) config.monitoring = Address{};
  config.monitoring->port = *port;
}

const Row<ServerConfig> kTopRows[] = {
    {{"listen"},
     [](const Context& context, ServerConfig& config) {
       store(config.listen, read_address(context.value, config.listen.host, context.problems));
     }},
    {{"port"}, [](const Context& context, ServerConfig& config) { store(config.listen.port, read_port(context)); }},
    {{"host", "net"},
     [](const Context& context, ServerConfig& config) {
       store(config.listen.host, read_string(context.key, context.value, context.problems));
     }},
    {{"server_name"}, read_server_name},
    {{"http"},
     [](const Context& context, ServerConfig& config) {
       if (auto address = read_address(context.value, {}, context.problems)) config.monitoring = std::move(address);
     }},
    {{"http_port", "monitor_port"}, read_monitoring_port},
    {{"max_payload"}, size<&ServerConfig::max_payload>},
    {{"max_pending"}, integer<&ServerConfig::max_pending>},
    {{"max_control_line"}, size<&ServerConfig::max_control_line>},
    {{"max_connections", "max_conn"}, integer<&ServerConfig::max_connections>},
    {{"max_subscriptions", "max_subs"}, integer<&ServerConfig::max_subscriptions>},
    {{"max_sub_tokens", "max_subscription_tokens"}, integer<&ServerConfig::max_subscription_tokens>},
    {{"no_header_support"}, boolean<&ServerConfig::no_header_support>},
    {{"ping_interval"}, duration<&ServerConfig::ping_interval>},
    {{"ping_max"}, integer<&ServerConfig::ping_max>},
    {{"write_deadline"}, duration<&ServerConfig::write_deadline>},
    {{"authorization"}, read_authorization},
    {{"jetstream"}, read_jetstream},
    {{"store_dir", "storedir"}, read_store_dir},
    {{"kafka"}, read_kafka},
    {{"shards"}, read_shards},
    {{"memory_budget"},
     [](const Context& context, ServerConfig& config) {
       const auto bytes = read_integer(context.key, context.value, context.problems);
       if (bytes && *bytes < kLeastMemoryBudget)
         context.problems.error(context.value.position, fmt::format("memory_budget must be {} bytes or more", kLeastMemoryBudget));
       else store(config.memory_budget, bytes);
     }},
    {{"debug"}, boolean<&ServerConfig::debug>},
    {{"trace"}, boolean<&ServerConfig::trace>},
    {{"logfile", "log_file"}, string<&ServerConfig::log_file>},
    {{"pidfile", "pid_file"}, string<&ServerConfig::pid_file>},
    {{"ports_file_dir"}, string<&ServerConfig::ports_file_dir>},
};

constexpr std::string_view kIgnored[] = {
    "logtime",          "logtime_utc",        "max_traced_msg_len", "connect_error_reports",
    "trace_verbose",    "trace_headers",      "logfile_size_limit", "reconnect_error_reports",
    "log_size_limit",   "logfile_max_num",    "log_max_num",        "disable_sublist_cache",
    "no_sublist_cache", "max_closed_clients", "server_tags",        "server_metadata",
    "prof_port",        "prof_block_rate",    "feature_flags",
};
constexpr std::string_view kNotServedYet[] = {
    "client_advertise",
    "syslog",
    "remote_syslog",
    "write_timeout",
    "no_fast_producer_stall",
    "lame_duck_duration",
    "lame_duck_grace_period",
    "proxy_protocol",
    "proxies",
    "accounts",
    "mappings",
    "maps",
    "no_auth_user",
    "default_sentinel",
    "system_account",
    "system",
    "no_system_account",
    "no_system",
    "no_sys_acc",
    "trusted",
    "trusted_keys",
    "operator",
    "operators",
    "root",
    "roots",
    "root_operator",
    "root_operators",
    "resolver",
    "account_resolver",
    "accounts_resolver",
    "resolver_tls",
    "resolver_preload",
    "resolver_pinned_accounts",
    "tls",
    "allow_non_tls",
    "ocsp",
    "ocsp_cache",
    "https",
    "https_port",
    "http_base_path",
    "cluster",
    "gateway",
    "leaf",
    "leafnodes",
    "websocket",
    "ws",
    "mqtt",
    "default_js_domain",
    "default_permissions",
    "auth_callout",
    "proxy_required",
    "nkey",
    "permissions",
    "allowed_connection_types",
    "domain",
    "strict",
    "key",
    "prev_key",
    "cipher",
    "extension_hint",
    "limits",
    "tpm",
    "unique_tag",
    "max_outstanding_catchup",
    "max_buffered_size",
    "max_buffered_msgs",
    "request_queue_limit",
    "info_queue_limit",
    "meta_compact",
    "meta_compact_size",
    "meta_compact_sync",
    "max_concurrent_io",
};

bool is_one_of(std::string_view key, const auto& names) {
  return std::ranges::any_of(names, [&](std::string_view name) { return equal_in_any_case(name, key); });
}

template <class Target, std::size_t kRowCount>
void read_fields(const ConfigMap& map, const Row<Target> (&rows)[kRowCount], std::string_view block, Target& target, ServerConfig& config,
                 ConfigProblems& problems) {
  for (const ConfigField& field : map) {
    const auto row = std::ranges::find_if(rows, [&](const Row<Target>& candidate) { return is_one_of(field.key, candidate.names); });
    if (row != std::end(rows)) {
      row->read({row->names.front(), field.value, config, problems}, target);
    } else if (is_one_of(field.key, kIgnored)) {
      problems.warning(field.value.position, fmt::format("field \"{}\" has no effect", field.key));
    } else if (is_one_of(field.key, kNotServedYet)) {
      problems.error(field.value.position,
                     fmt::format("field \"{}\"{} is not served yet", field.key, block.empty() ? "" : fmt::format(" of {}", block)));
    } else if (!field.used_as_variable) {
      problems.error(field.value.position, fmt::format("unknown field \"{}\"", field.key));
    }
  }
}

}  // namespace

Result<void> read_config(std::string_view text, std::string_view file, const ConfigSources& sources, ServerConfig& config,
                         std::vector<std::string>& warnings) {
  FIRTH_TRY(const ConfigMap map, parse_config(text, file, sources));
  if (map.empty()) return Error{Errc::kInvalid, fmt::format("{}: config has no values or is empty", file)};
  ConfigProblems problems;
  read_fields(map, kTopRows, {}, config, config, problems);
  warnings.insert(warnings.end(), problems.warnings.begin(), problems.warnings.end());
  if (problems.errors.empty()) return {};
  std::string all = problems.errors.front();
  for (auto next = problems.errors.begin() + 1; next != problems.errors.end(); ++next) all += "\n" + *next;
  return Error{Errc::kInvalid, std::move(all)};
}

}  // namespace firth::cli
