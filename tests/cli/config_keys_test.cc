#include "cli/config_keys.h"

#include <gtest/gtest.h>

#include <string>

#include "cli/config_reader.h"
#include "cli/duration.h"

namespace firth::cli {
namespace {

using namespace std::chrono_literals;

struct Read {
  ServerConfig config;
  std::vector<std::string> warnings;
  std::string error;
};

Read read(std::string_view text) {
  Read result;
  const auto done = read_config(text, "t.conf", {}, result.config, result.warnings);
  if (!done) result.error = done.error().text;
  return result;
}

TEST(ConfigKeys, FillEveryField) {
  const Read all = read(R"(
    listen: "127.0.0.1:4333"
    server_name: firth-1
    http: localhost:8222
    max_payload: 2MB, max_pending: 10mb, max_control_line: 2kb
    max_connections: 100; max_subscriptions: 7
    ping_interval: "30s", ping_max: 5, write_deadline: "2s"
    authorization { timeout: 1.5, users: [ {user: a, password: b}, {username: c, pass: "$2a$11$hash"} ] }
    jetstream { store_dir: /data, max_mem: 1G, max_file: 2GB, sync_interval: "10s" }
    kafka {
      listen: 9093, advertised: "broker.example:9094", deliver: true
      auto_create_topics: false, default_partitions: 4, group_initial_rebalance_delay: "500ms"
    }
    shards { count: 2, connections_per_shard: 7 }
    max_sub_tokens: 9
    no_header_support: true
    debug: true, trace: yes
    logfile: /l, pid_file: /p, ports_file_dir: /d
  )");
  ASSERT_EQ(all.error, "");
  const ServerConfig& config = all.config;
  EXPECT_EQ(config.listen, (Address{"127.0.0.1", 4333}));
  EXPECT_EQ(config.server_name, "firth-1");
  EXPECT_EQ(config.monitoring, (Address{"localhost", 8222}));
  EXPECT_EQ(config.max_payload, 2 << 20);
  EXPECT_EQ(config.max_pending, 10 << 20);
  EXPECT_EQ(config.max_control_line, 2048);
  EXPECT_EQ(config.max_connections, 100);
  EXPECT_EQ(config.max_subscriptions, 7);
  EXPECT_EQ(config.ping_interval, 30s);
  EXPECT_EQ(config.ping_max, 5);
  EXPECT_EQ(config.write_deadline, 2s);
  EXPECT_EQ(config.authorization.timeout, 1500ms);
  ASSERT_EQ(config.authorization.users.size(), 2u);
  EXPECT_EQ(config.authorization.users[1].user + config.authorization.users[1].password, "c$2a$11$hash");
  EXPECT_TRUE(config.jetstream.enabled);
  EXPECT_EQ(config.jetstream.store_dir, "/data");
  EXPECT_EQ(config.jetstream.max_memory, 1'000'000'000);
  EXPECT_EQ(config.jetstream.max_store, 2LL << 30);
  EXPECT_EQ(config.jetstream.sync_interval, 10s);
  EXPECT_TRUE(config.kafka.enabled && config.kafka.deliver);
  EXPECT_EQ(config.kafka.listen, (Address{"", 9093}));
  EXPECT_EQ(config.kafka.advertised, (Address{"broker.example", 9094}));
  EXPECT_FALSE(config.kafka.auto_create_topics);
  EXPECT_EQ(config.kafka.default_partitions, 4);
  EXPECT_EQ(config.kafka.group_initial_rebalance_delay, std::chrono::milliseconds(500));
  EXPECT_EQ(config.shards.count, 2);
  EXPECT_EQ(config.shards.connections_per_shard, 7u);
  EXPECT_EQ(config.max_subscription_tokens, 9);
  EXPECT_TRUE(config.no_header_support);
  EXPECT_TRUE(config.debug && config.trace);
  EXPECT_EQ(config.log_file + config.pid_file + config.ports_file_dir, "/l/p/d");
}

TEST(ConfigKeys, KeepTheDefaultsOfTheRealServer) {
  const ServerConfig config = read("debug: false").config;
  EXPECT_EQ(config.listen, (Address{"0.0.0.0", 4222}));
  EXPECT_EQ(config.max_payload, 1 << 20);
  EXPECT_EQ(config.max_pending, 64 << 20);
  EXPECT_EQ(config.max_control_line, 4096);
  EXPECT_EQ(config.max_connections, 65536);
  EXPECT_EQ(config.ping_interval, 2min);
  EXPECT_EQ(config.write_deadline, 10s);
  EXPECT_EQ(config.authorization.timeout, 2s);
  EXPECT_FALSE(config.jetstream.enabled || config.kafka.enabled || config.monitoring);
}

// Where a value is of the wrong type, nats-server 2.15.2 shows a failed conversion of its language, at the same place; the other texts
// are its own.
TEST(ConfigKeys, SayWhatIsWrongAndWhere) {
  struct Row {
    std::string_view text, error;
  };
  const Row rows[] = {
      {"", "t.conf: config has no values or is empty"},
      {"foo: 1", "t.conf:1:0: unknown field \"foo\""},
      {"foo: 1\nbar: 2", "t.conf:1:0: unknown field \"foo\"\nt.conf:2:1: unknown field \"bar\""},
      {"a: 4222\nport: $a", ""},
      {"PORT: 1, MAX_payload: 2", ""},
      {"port: x", "t.conf:1:0: port must be an integer, not a string"},
      {"port: 1.5", "t.conf:1:0: port must be an integer, not a float"},
      {"port: -1", ""},
      {"port: 99999", "t.conf:1:0: port 99999 is out of range"},
      {"debug: 1", "t.conf:1:0: debug must be a boolean, not an integer"},
      {"server_name: 5", "t.conf:1:0: server_name must be a string, not an integer"},
      {"server_name: 'a b'", "t.conf:1:0: server name cannot contain spaces"},
      {"max_payload: 8gb", "t.conf:1:0: max_payload value is too big"},
      {"max_control_line: 3gb", "t.conf:1:0: max_control_line value is too big"},
      {"listen: 4222", ""},
      {"listen: :4333", ""},
      {"listen: '[::1]:4222'", ""},
      {"listen: localhost", "t.conf:1:0: could not parse address string \"localhost\""},
      {"listen: a:b", "t.conf:1:0: could not parse port \"b\""},
      {"listen: true", "t.conf:1:0: expected port or host:port, got a boolean"},
      {"ping_interval: '2x'", "t.conf:1:0: error parsing ping_interval: time: unknown unit \"x\" in duration \"2x\""},
      {"ping_interval: -9223372036854775808", "t.conf:1:0: ping_interval must be a duration like \"2m\", not an integer"},
      {"ping_interval: x", "t.conf:1:0: error parsing ping_interval: time: invalid duration \"x\""},
      {"authorization {foo: 1}", "t.conf:1:15: unknown field \"foo\""},
      {"authorization: x", "t.conf:1:0: authorization must be a map, not a string"},
      {"authorization {user: a}", ""},
      {"authorization {token: t, user: a, pass: b}", "t.conf:1:0: Cannot have a user/pass and token"},
      {"authorization {user: a, pass: b, users: [{user: c}]}", "t.conf:1:0: Can not have a single user/pass and a users array"},
      {"authorization {token: t, users: [{user: c}]}", "t.conf:1:0: Can not have a token and a users array"},
      {"authorization {users: [{user: a},{user: a}]}", "t.conf:1:15: Duplicate user \"a\" detected"},
      {"authorization {users: [{password: a}]}", "t.conf:1:23: User entry requires a user"},
      {"authorization {users: [{user: a, foo: 1}]}", "t.conf:1:33: unknown field \"foo\""},
      {"authorization {users: {user: a}}", "t.conf:1:15: Expected users field to be an array, got a map"},
      {"authorization {users: [a]}", "t.conf:1:23: Expected user entry to be a map/struct, got a string"},
      {"authorization {timeout: x}", "t.conf:1:15: error parsing authorization config, 'timeout': time: invalid duration \"x\""},
      {"jetstream: enabled", ""},
      {"jetstream: x", "t.conf:1:0: Expected 'enabled' or 'disabled' for string value, got 'x'"},
      {"jetstream: 1", "t.conf:1:0: Expected map, bool or string to define JetStream, got an integer"},
      {"jetstream {foo: 1}", "t.conf:1:11: unknown field \"foo\""},
      {"jetstream {sync_interval: x}", "t.conf:1:11: error parsing sync_interval: time: invalid duration \"x\""},
      {"jetstream {sync_interval: always}", ""},
      {"jetstream {store_dir: /x}\nstore_dir: /y", "t.conf:2:1: Duplicate 'store_dir' configuration"},
      {"jetstream {max_mem: '4G', max_file: 1}", ""},
      {"jetstream {max_mem: x}", "t.conf:1:11: max_mem must be a size like \"4G\", not 'x'"},
      {"jetstream {max_file: '9999999999T'}", "t.conf:1:11: max_file must be a size like \"4G\", not '9999999999T'"},
      {"jetstream {max_file: ''}", "t.conf:1:11: max_file must be a size like \"4G\", not ''"},
      {"jetstream {domain: d}", "t.conf:1:11: field \"domain\" of jetstream is not served yet"},
      {"cluster {name: c}", "t.conf:1:0: field \"cluster\" is not served yet"},
      {"tls {}", "t.conf:1:0: field \"tls\" is not served yet"},
      {"kafka {listen: x}", "t.conf:1:7: could not parse address string \"x\""},
      {"kafka {foo: 1}", "t.conf:1:7: unknown field \"foo\""},
      {"kafka: true", ""},
      {"kafka {default_partitions: 0}", "t.conf:1:7: kafka: default_partitions must be 1 to 10000, not 0"},
      {"shards {count: -1}", "t.conf:1:8: shards: count must be 0 to 1024, not -1"},
      {"shards {connections_per_shard: 0}", "t.conf:1:8: shards: connections_per_shard must be 1 or more, not 0"},
      {"shards {count: 1025}", "t.conf:1:8: shards: count must be 0 to 1024, not 1025"},
  };
  for (const Row& row : rows) EXPECT_EQ(read(row.text).error, row.error) << row.text;
}

TEST(ConfigKeys, ATimeoutBeyondNanosecondsIsAsLongAsTheyCanSay) {
  EXPECT_EQ(read("authorization {timeout: 9223372036854775807}").config.authorization.timeout, std::chrono::nanoseconds::max());
  EXPECT_EQ(read("authorization {timeout: -9223372036854775808}").config.authorization.timeout, std::chrono::nanoseconds::min());
  EXPECT_GT(read("authorization {timeout: 1000000000000000.0}").config.authorization.timeout, 24h * 365 * 280);
}

TEST(ConfigKeys, WarnOfWhatIsAcceptedButNotRight) {
  const Read seconds = read("ping_interval: 5");
  EXPECT_EQ(seconds.config.ping_interval, 5s);
  ASSERT_EQ(seconds.warnings.size(), 1u);
  EXPECT_EQ(seconds.warnings[0], "t.conf:1:0: invalid use of field \"ping_interval\": ping_interval should be converted to a duration");
  const Read ignored = read("logtime: true");
  EXPECT_EQ(ignored.error, "");
  EXPECT_EQ(ignored.warnings, std::vector<std::string>{"t.conf:1:0: field \"logtime\" has no effect"});
}

// JetStream's block turns it on unless it says otherwise; later fields win.
TEST(ConfigKeys, TurnJetStreamOnAndOff) {
  EXPECT_TRUE(read("jetstream {}").config.jetstream.enabled);
  EXPECT_FALSE(read("jetstream {enabled: false}").config.jetstream.enabled);
  EXPECT_FALSE(read("jetstream: disabled").config.jetstream.enabled);
  EXPECT_FALSE(read("store_dir: /x").config.jetstream.enabled);
  EXPECT_EQ(read("jetstream {max_mem: '4G'}").config.jetstream.max_memory, 4LL << 30);
  EXPECT_EQ(read("port: 1\nport: 2").config.listen.port, 2);
}

TEST(Duration, ReadsWhatGoWrites) {
  struct Row {
    std::string_view text;
    std::chrono::nanoseconds expected;
  };
  const Row rows[] = {{"0", 0ns},          {"5s", 5s},    {"2m", 2min},        {"1h15m30.918s", 1h + 15min + 30918ms},
                      {"-1.5ms", -1500us}, {"+5us", 5us}, {"3\xc2\xb5s", 3us}, {"100ns", 100ns},
                      {".5s", 500ms},      {"5.s", 5s},   {"1h1h", 2h},        {"2540400h10m10.000000000s", 2540400h + 10min + 10s}};
  for (const Row& row : rows) {
    const auto duration = parse_duration(row.text);
    ASSERT_TRUE(duration) << row.text;
    EXPECT_EQ(*duration, row.expected) << row.text;
  }
  const std::pair<std::string_view, std::string_view> wrong[] = {
      {"", "time: invalid duration \"\""},
      {"x", "time: invalid duration \"x\""},
      {"-", "time: invalid duration \"-\""},
      {".s", "time: invalid duration \".s\""},
      {"3", "time: missing unit in duration \"3\""},
      {"2x", "time: unknown unit \"x\" in duration \"2x\""},
      {"9999999999h", "time: invalid duration \"9999999999h\""},
  };
  for (const auto& [text, error] : wrong) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().text, error);
  }
}

}  // namespace
}  // namespace firth::cli
