#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace firth::cli {
namespace {

Invocation interpret(std::vector<std::string_view> arguments) {
  const ConfigSources sources{.read_file = [](const std::string& path) -> Result<std::string> {
    if (path == "good.conf") return std::string("port: 4333\ndebug: true\njetstream: true\nhttp_port: 8222\nkafka {}");
    if (path == "warns.conf") return std::string("port: 1\nping_interval: 5");
    if (path == "bad.conf") return std::string("foo: 1\nbar: 2");
    return Error{Errc::kNotFound, "open " + path + ": no such file or directory"};
  }};
  return interpret_command_line(arguments, sources);
}

TEST(CommandLine, SetsTheConfig) {
  const Invocation all = interpret({"/usr/bin/firth",
                                    "-a",
                                    "127.0.0.1",
                                    "--p=4333",
                                    "-n",
                                    "me",
                                    "-m",
                                    "8222",
                                    "-js",
                                    "-sd",
                                    "/s",
                                    "-l",
                                    "/l",
                                    "-P",
                                    "/p",
                                    "-DV",
                                    "--user=u",
                                    "--pass",
                                    "w",
                                    "--auth",
                                    "",
                                    "--kafka",
                                    "9092",
                                    "-shards",
                                    "2",
                                    "--ports_file_dir",
                                    "/d"});
  ASSERT_TRUE(all.run) << all.err;
  EXPECT_EQ(all.config.listen, (Address{"127.0.0.1", 4333}));
  EXPECT_EQ(all.config.server_name, "me");
  EXPECT_EQ(all.config.monitoring, (Address{"127.0.0.1", 8222}));
  EXPECT_TRUE(all.config.jetstream.enabled && all.config.debug && all.config.trace && all.config.kafka.enabled);
  EXPECT_EQ(all.config.jetstream.store_dir + all.config.log_file + all.config.pid_file + all.config.ports_file_dir, "/s/l/p/d");
  EXPECT_EQ(all.config.authorization.user + all.config.authorization.password, "uw");
  EXPECT_EQ(all.config.kafka.listen, (Address{"127.0.0.1", 9092}));
  EXPECT_EQ(all.config.shards.count, 2);
}

TEST(CommandLine, KnowsUnderWhichNameItRuns) {
  EXPECT_EQ(interpret({"/opt/nats-server"}).config.program, "nats-server");
  EXPECT_EQ(interpret({"/opt/nats-server", "-c", "good.conf"}).config.program, "nats-server");
  EXPECT_EQ(interpret({"/x/firth-asan"}).config.program, "firth");
}

TEST(CommandLine, OverridesTheFile) {
  const Invocation file = interpret({"firth", "-c", "good.conf"});
  ASSERT_TRUE(file.run) << file.err;
  EXPECT_EQ(file.config.listen, (Address{"0.0.0.0", 4333}));
  EXPECT_TRUE(file.config.debug && file.config.jetstream.enabled);
  EXPECT_EQ(file.config_file, "good.conf");
  const Invocation over = interpret({"firth", "-D=false", "-p", "-1", "-c", "good.conf", "-js=0", "-a", "::1"});
  ASSERT_TRUE(over.run) << over.err;
  EXPECT_EQ(over.config.listen, (Address{"::1", kRandomPort}));
  EXPECT_FALSE(over.config.debug || over.config.jetstream.enabled);
  EXPECT_EQ(over.config.monitoring, (Address{"::1", 8222}));
  EXPECT_EQ(over.config.kafka.listen, (Address{"::1", 9092}));
}

TEST(CommandLine, AnswersWithoutRunning) {
  struct Row {
    std::vector<std::string_view> arguments;
    int exit_code;
    std::string_view out, err;
  };
  const Row rows[] = {
      {{"nats-server", "-v"}, 0, "nats-server: v2.15.2\n", ""},
      {{"/opt/nats-server", "--version"}, 0, "nats-server: v2.15.2\n", ""},
      {{"nats-server", "version"}, 0, "nats-server: v2.15.2\n", ""},
      {{"firth", "-v"}, 0, "firth: v0.1.0\n", ""},
      {{"/x/firth-asan", "-v"}, 0, "firth: v0.1.0\n", ""},
      {{"firth", "foo"}, 1, "", "firth: unrecognized command: \"foo\"\n"},
      {{"nats-server", "-p", "1", "foo"}, 1, "", "nats-server: unrecognized command: \"foo\"\n"},
      {{"firth", "-"}, 1, "", "firth: unrecognized command: \"-\"\n"},
      {{"firth", "--", "-v"}, 1, "", "firth: unrecognized command: \"-v\"\n"},
      {{"firth", "-t"}, 1, "", "firth: must specify [-c, --config] option to check configuration file syntax\n"},
      {{"firth", "-c", "none.conf"}, 1, "", "firth: open none.conf: no such file or directory\n"},
      {{"firth", "-c", "bad.conf"}, 1, "", "firth: bad.conf:1:0: unknown field \"foo\"\nbad.conf:2:1: unknown field \"bar\"\n"},
      {{"firth", "-c", "good.conf", "-t"}, 0, "", "firth: configuration file good.conf is valid\n"},
      {{"firth", "-t", "-c=warns.conf"},
       1,
       "",
       "firth: warns.conf:2:1: invalid use of field \"ping_interval\": ping_interval should be converted to a duration\n"},
      {{"firth", "--tls"}, 1, "", "firth: flag -tls is not served yet\n"},
      {{"firth", "--routes", "nats://x"}, 1, "", "firth: flag -routes is not served yet\n"},
      {{"firth", "-p", "70000"}, 1, "", "firth: port 70000 is out of range\n"},
      {{"firth", "--kafka", "a:b"}, 1, "", "firth: could not parse port \"b\"\n"},
  };
  for (const Row& row : rows) {
    const Invocation answer = interpret(row.arguments);
    EXPECT_FALSE(answer.run) << row.arguments.back();
    EXPECT_EQ(answer.exit_code, row.exit_code) << row.arguments.back();
    EXPECT_EQ(answer.out, row.out) << row.arguments.back();
    EXPECT_EQ(answer.err, row.err) << row.arguments.back();
  }
}

// The texts and the exit code 0 are those of nats-server 2.15.2.
TEST(CommandLine, ShowsItsUsageForAWrongFlag) {
  const std::pair<std::vector<std::string_view>, std::string_view> rows[] = {
      {{"firth", "-p"}, "flag needs an argument: -p\n"},
      {{"firth", "-p", "x"}, "invalid value \"x\" for flag -p: parse error\n"},
      {{"firth", "-p", ""}, "invalid value \"\" for flag -p: parse error\n"},
      {{"firth", "-p", "99999999999999999999"}, "invalid value \"99999999999999999999\" for flag -p: value out of range\n"},
      {{"firth", "-m", "x"}, "invalid value \"x\" for flag -m: parse error\n"},
      {{"firth", "--nope"}, "flag provided but not defined: -nope\n"},
      {{"firth", "-js=x", "-v"}, "invalid boolean value \"x\" for -js: parse error\n"},
      {{"firth", "-="}, "bad flag syntax: -=\n"},
      {{"firth", "---p", "1"}, "bad flag syntax: ---p\n"},
  };
  for (const auto& [arguments, error] : rows) {
    const Invocation answer = interpret(arguments);
    EXPECT_FALSE(answer.run);
    EXPECT_EQ(answer.exit_code, 0);
    EXPECT_EQ(answer.err, error);
    EXPECT_TRUE(answer.out.starts_with("\nUsage: firth [options]\n"));
  }
  EXPECT_TRUE(interpret({"nats-server", "-h"}).out.starts_with("\nUsage: nats-server [options]\n"));
  EXPECT_EQ(interpret({"firth", "help"}).out, interpret({"firth", "--help"}).out);
}

TEST(CommandLine, TakesFlagsAsGoDoes) {
  for (const auto& arguments : std::vector<std::vector<std::string_view>>{{"firth", "-p", "5"},
                                                                          {"firth", "--p", "5"},
                                                                          {"firth", "-p=5"},
                                                                          {"firth", "--port=5"},
                                                                          {"firth", "-port", "0x5"},
                                                                          {"firth", "-p", "+5"}})
    EXPECT_EQ(interpret(arguments).config.listen.port, 5) << arguments.back();
  EXPECT_EQ(interpret({"firth", "-p", "0"}).config.listen.port, 4222);
  EXPECT_EQ(interpret({"firth", "-c", "good.conf", "-m", "0"}).config.monitoring, std::nullopt);
  EXPECT_EQ(interpret({"firth", "-p", "1", "-p", "2"}).config.listen.port, 2);
  EXPECT_TRUE(interpret({"firth", "-D", "-v=false"}).run);
  EXPECT_TRUE(interpret({"firth", "--"}).run);
  EXPECT_TRUE(interpret({}).run);
}

}  // namespace
}  // namespace firth::cli
