#include "cli/command_line.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "broker/nats_version.h"
#include "cli/config_keys.h"
#include "cli/config_reader.h"
#include "cli/flags.h"

namespace firth::cli {

namespace {

constexpr std::string_view kFirthVersion = "0.1.0";

// What the flags say beside the server's config.
struct Wishes {
  std::string config_file;
  bool check = false;
  bool show_version = false;
  bool show_help = false;
};

// An empty answer is success; else what is wrong with the value.
using Apply = std::string (*)(const FlagValue&, ServerConfig&, Wishes&);
struct FlagRow {
  std::vector<std::string_view> names;
  FlagKind kind;
  Apply apply;
};

bool is_on(const FlagValue& flag) { return flag.text == "true"; }

std::string set_port(const FlagValue& flag, int& port) {
  if (flag.integer < kRandomPort || flag.integer > 65535) return fmt::format("port {} is out of range", flag.integer);
  port = static_cast<int>(flag.integer);
  return {};
}

std::string set_debug(const FlagValue& flag, ServerConfig& config, Wishes&) {
  config.debug = is_on(flag);
  return {};
}
std::string set_trace(const FlagValue& flag, ServerConfig& config, Wishes&) {
  config.trace = is_on(flag);
  return {};
}
std::string set_debug_and_trace(const FlagValue& flag, ServerConfig& config, Wishes&) {
  config.debug = config.trace = is_on(flag);
  return {};
}
std::string set_monitoring(const FlagValue& flag, ServerConfig& config, Wishes&) {
  if (!config.monitoring) config.monitoring = Address{};
  return set_port(flag, config.monitoring->port);
}
std::string set_kafka(const FlagValue& flag, ServerConfig& config, Wishes&) {
  const bool port_only = flag.text.find_first_not_of("-0123456789") == std::string::npos;
  const auto address = parse_address(port_only ? ":" + flag.text : flag.text);
  if (!address) return address.error().text;
  config.kafka.enabled = true;
  config.kafka.listen = *address;
  return {};
}
std::string set_shards(const FlagValue& flag, ServerConfig& config, Wishes&) {
  if (flag.integer < 0 || flag.integer > kMaxShards) return fmt::format("shards must be 0 to {}, not {}", kMaxShards, flag.integer);
  config.shards.count = static_cast<int>(flag.integer);
  return {};
}
std::string ignore(const FlagValue&, ServerConfig&, Wishes&) { return {}; }
std::string refuse(const FlagValue& flag, ServerConfig&, Wishes&) { return fmt::format("flag -{} is not served yet", flag.name); }

template <auto kMember>
std::string set_text(const FlagValue& flag, ServerConfig& config, Wishes&) {
  config.*kMember = flag.text;
  return {};
}
template <auto kMember>
std::string set_authorization(const FlagValue& flag, ServerConfig& config, Wishes&) {
  config.authorization.*kMember = flag.text;
  return {};
}
template <auto kMember>
std::string wish(const FlagValue& flag, ServerConfig&, Wishes& wishes) {
  wishes.*kMember = is_on(flag);
  return {};
}

const FlagRow kFlags[] = {
    {{"a", "addr", "net"},
     FlagKind::kText,
     [](const FlagValue& flag, ServerConfig& config, Wishes&) {
       config.listen.host = flag.text;
       return std::string();
     }},
    {{"p", "port"},
     FlagKind::kInteger,
     [](const FlagValue& flag, ServerConfig& config, Wishes&) { return set_port(flag, config.listen.port); }},
    {{"n", "name", "server_name"}, FlagKind::kText, set_text<&ServerConfig::server_name>},
    {{"m", "http_port"}, FlagKind::kInteger, set_monitoring},
    {{"c", "config"},
     FlagKind::kText,
     [](const FlagValue& flag, ServerConfig&, Wishes& wishes) {
       wishes.config_file = flag.text;
       return std::string();
     }},
    {{"t"}, FlagKind::kBoolean, wish<&Wishes::check>},
    {{"v", "version"}, FlagKind::kBoolean, wish<&Wishes::show_version>},
    {{"h", "help"}, FlagKind::kBoolean, wish<&Wishes::show_help>},
    {{"js", "jetstream"},
     FlagKind::kBoolean,
     [](const FlagValue& flag, ServerConfig& config, Wishes&) {
       config.jetstream.enabled = is_on(flag);
       return std::string();
     }},
    {{"sd", "store_dir"},
     FlagKind::kText,
     [](const FlagValue& flag, ServerConfig& config, Wishes&) {
       config.jetstream.store_dir = flag.text;
       return std::string();
     }},
    {{"l", "log"}, FlagKind::kText, set_text<&ServerConfig::log_file>},
    {{"P", "pid"}, FlagKind::kText, set_text<&ServerConfig::pid_file>},
    {{"ports_file_dir"}, FlagKind::kText, set_text<&ServerConfig::ports_file_dir>},
    {{"D", "debug"}, FlagKind::kBoolean, set_debug},
    {{"V", "trace", "VV"}, FlagKind::kBoolean, set_trace},
    {{"DV", "DVV"}, FlagKind::kBoolean, set_debug_and_trace},
    {{"user"}, FlagKind::kText, set_authorization<&AuthorizationConfig::user>},
    {{"pass"}, FlagKind::kText, set_authorization<&AuthorizationConfig::password>},
    {{"auth"}, FlagKind::kText, set_authorization<&AuthorizationConfig::token>},
    {{"kafka"}, FlagKind::kText, set_kafka},
    {{"shards"}, FlagKind::kInteger, set_shards},
    {{"T", "logtime", "logtime_utc"}, FlagKind::kBoolean, ignore},
    {{"log_size_limit", "max_traced_msg_len", "profile"}, FlagKind::kInteger, ignore},
    {{"s", "syslog", "tls", "tlsverify", "no_advertise"}, FlagKind::kBoolean, refuse},
    {{"ms", "https_port", "connect_retries"}, FlagKind::kInteger, refuse},
    {{"sl", "signal", "client_advertise", "r", "remote_syslog", "tlscert", "tlskey", "tlscacert", "routes", "cluster", "cluster_listen",
      "cluster_name", "cluster_advertise"},
     FlagKind::kText,
     refuse},
};

const FlagRow* find_flag(std::string_view name) {
  const auto row = std::ranges::find_if(
      kFlags, [&](const FlagRow& candidate) { return std::ranges::find(candidate.names, name) != candidate.names.end(); });
  return row == std::end(kFlags) ? nullptr : row;
}

constexpr std::string_view kUsage = R"(
Usage: {} [options]

Server:
    -a, --addr, --net <host>         Host to listen on (default: 0.0.0.0)
    -p, --port <port>                Port for NATS clients (default: 4222; -1: any free one)
        --kafka <[host:]port>        Address for Kafka clients (default: none)
    -m, --http_port <port>           Port for monitoring (default: none)
    -n, --name, --server_name <name> Name of this server
    -c, --config <file>              Config file; flags override it
    -t                               Check the config file and exit
    -P, --pid <file>                 File that gets the process id
        --ports_file_dir <dir>       Directory that gets the file <program>_<pid>.ports with all addresses
        --shards <n>                 Threads that serve (default: 0, one per core)

Logs:
    -l, --log <file>                 File for log lines (default: standard error)
    -D, --debug                      More of them
    -V, --trace                      The protocol as it is read
    -DV                              Both

Streams:
    -js, --jetstream                 Serve JetStream
    -sd, --store_dir <dir>           Directory of the log

Authorization:
        --user <user>, --pass <password>
        --auth <token>

    -h, --help                       This text
    -v, --version                    The version
)";

Invocation fail(std::string_view program, std::string_view text) {
  Invocation invocation;
  invocation.exit_code = 1;
  invocation.err = fmt::format("{}: {}\n", program, text);
  return invocation;
}

Invocation show(std::string text) {
  Invocation invocation;
  invocation.out = std::move(text);
  return invocation;
}

std::string usage(std::string_view program) { return fmt::format(kUsage, program); }

std::string version(std::string_view program) {
  return fmt::format("{}: v{}\n", program, program == "nats-server" ? broker::kNatsVersion : kFirthVersion);
}

std::optional<std::string> apply_all(const ParsedFlags& parsed, ServerConfig& config, Wishes& wishes) {
  for (const FlagValue& flag : parsed.flags)
    if (std::string wrong = find_flag(flag.name)->apply(flag, config, wishes); !wrong.empty()) return wrong;
  return std::nullopt;
}

// A port that was given without a host is on the host that NATS clients connect to: nobody opens more than he said.
// 0 is no port: NATS clients then get the default one, and monitoring is off, as in nats-server.
void fill_addresses(ServerConfig& config) {
  if (config.listen.port == 0) config.listen.port = ServerConfig().listen.port;
  if (config.monitoring && config.monitoring->port == 0) config.monitoring.reset();
  if (config.monitoring && config.monitoring->host.empty()) config.monitoring->host = config.listen.host;
  if (config.kafka.listen.host.empty()) config.kafka.listen.host = config.listen.host;
}

Result<void> read_file(const std::string& file, const ConfigSources& sources, Invocation& invocation) {
  FIRTH_TRY(const std::string text, sources.read_file(file));
  return read_config(text, file, sources, invocation.config, invocation.warnings);
}

Invocation check_file(std::string_view program, std::string_view file, const Invocation& read) {
  std::string warnings;
  for (const std::string& warning : read.warnings) warnings += (warnings.empty() ? "" : "\n") + warning;
  if (!warnings.empty()) return fail(program, warnings);
  Invocation invocation;
  invocation.err = fmt::format("{}: configuration file {} is valid\n", program, file);
  return invocation;
}

// Words after the flags: nats-server knows two.
std::optional<Invocation> answer_words(std::string_view program, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (equal_in_any_case(word, "version")) return show(version(program));
    if (equal_in_any_case(word, "help")) return show(usage(program));
    return fail(program, fmt::format("unrecognized command: \"{}\"", word));
  }
  return std::nullopt;
}

}  // namespace

Invocation interpret_command_line(std::span<const std::string_view> arguments, const ConfigSources& sources) {
  const std::string_view path = arguments.empty() ? std::string_view("firth") : arguments.front();
  const std::string_view program = path.substr(path.rfind('/') + 1) == "nats-server" ? "nats-server" : "firth";
  const auto flags = parse_flags(arguments.subspan(arguments.empty() ? 0 : 1), [](std::string_view name) {
    const FlagRow* const row = find_flag(name);
    return row == nullptr ? std::nullopt : std::optional(row->kind);
  });
  if (!flags) {  // nats-server 2.15 shows its usage and exits with 0, too
    Invocation invocation = show(usage(program));
    invocation.err = flags.error().text + "\n";
    return invocation;
  }

  Wishes wishes;
  Invocation invocation;
  if (const auto wrong = apply_all(*flags, invocation.config, wishes)) return fail(program, *wrong);
  if (wishes.show_version) return show(version(program));
  if (wishes.show_help) return show(usage(program));
  if (auto answer = answer_words(program, flags->rest)) return *std::move(answer);

  if (wishes.check && wishes.config_file.empty())
    return fail(program, "must specify [-c, --config] option to check configuration file syntax");
  if (!wishes.config_file.empty()) {
    invocation.config = {};
    invocation.config_file = wishes.config_file;
    if (const auto read = read_file(wishes.config_file, sources, invocation); !read) return fail(program, read.error().text);
    if (wishes.check) return check_file(program, wishes.config_file, invocation);
    if (const auto wrong = apply_all(*flags, invocation.config, wishes)) return fail(program, *wrong);
  }
  fill_addresses(invocation.config);
  invocation.config.program = program;
  invocation.run = true;
  return invocation;
}

}  // namespace firth::cli
