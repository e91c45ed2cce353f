#include "cli/config_parser.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace firth::cli {
namespace {

std::string show(const ConfigMap& map);

std::string show(const ConfigValue& value) {
  struct Shower {
    std::string operator()(bool boolean) const { return boolean ? "true" : "false"; }
    std::string operator()(std::int64_t integer) const { return std::to_string(integer); }
    std::string operator()(double number) const { return fmt::format("{}f", number); }
    std::string operator()(const std::string& text) const { return "'" + text + "'"; }
    std::string operator()(const ConfigDateTime& time) const { return "@" + time.text; }
    std::string operator()(const ConfigArray& array) const {
      std::string out = "[";
      for (const ConfigValue& element : array) out += (out.size() > 1 ? "," : "") + show(element);
      return out + "]";
    }
    std::string operator()(const ConfigMap& map) const { return "{" + show(map) + "}"; }
  };
  return std::visit(Shower(), value.data);
}

std::string show(const ConfigMap& map) {
  std::string out;
  for (const ConfigField& field : map) out += (out.empty() ? "" : " ") + field.key + "=" + show(field.value);
  return out;
}

struct World {
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> environment;

  ConfigSources sources() const {
    return {.read_file = [this](const std::string& path) -> Result<std::string> {
              const auto file = files.find(path);
              if (file == files.end()) return Error{Errc::kNotFound, "open " + path + ": no such file or directory"};
              return file->second;
            },
            .environment =
                [this](const std::string& name) {
                  const auto variable = environment.find(name);
                  return variable == environment.end() ? std::nullopt : std::optional(variable->second);
                }};
  }
};

std::string parse(std::string_view text, const World& world = {}) {
  const auto map = parse_config(text, "t.conf", world.sources());
  return map ? show(*map) : map.error().text;
}

struct Row {
  std::string_view text, expected;
};

TEST(ConfigParser, ReadsWhatTheRealServerReads) {
  const Row rows[] = {
      {"", ""},
      {"# only a comment", ""},
      {"port: 4222", "port=4222"},
      {"port = 4222\n", "port=4222"},
      {"port 4222", "port=4222"},
      {"port=4222", "port=4222"},
      {"port \t = \t 4222\r\n", "port=4222"},
      {"port\n: 4222", "port=4222"},
      {"port:4222,host:localhost", "port=4222 host='localhost'"},
      {"port:4222;host:localhost", "port=4222 host='localhost'"},
      {"{port: 4222}", "port=4222"},
      {R"({"port": 4222, "debug": true, "a": [1, "b", {"c": null}]})", "port=4222 debug=true a=[1,'b',{c='null'}]"},
      {"port: 4222\nport: 4223", "port=4222 port=4223"},
      {"port: 4222 }", "port=4222"},
      {"}", ""},
      {"port: ", "port=''"},
      {"port: }", "port=''"},
      {"'port': 1\n\"po rt\" 2", "port=1 po rt=2"},
      {"po.rt: 1\n@: 2", "po.rt=1 @=2"},
      {"# c\nport: 4222 # c\n// x\n", "port=4222"},
      {"port: 4222 // x", "port=4222"},
      {"a: x//y\nb: x#y\nc: http://x", "a='x//y' b='x#y' c='http://x'"},
      {",debug: true", ",debug=true"},
      {"debug: true, ,trace: true", "debug=true ,trace=true"},
      {"a { b: 1, c { d = 2 } }", "a={b=1 c={d=2}}"},
      {"a{b:1}", "a={b=1}"},
      {"a {\n # c\n b: 1 # c\n c: 2;\n}\n", "a={b=1 c=2}"},
      {"a: [\n {x: 1}\n {x: 2}\n]", "a=[{x=1},{x=2}]"},
      {"a: [1,2 , 3,\n4\n 5 # c\n]", "a=[1,2,3,4,5]"},
      {"a: [1,]", "a=[1]"},
      {"a: []\nb: {}", "a=[] b={}"},
      {R"(a: "x\x41\t\n\r\"\\")", "a='xA\t\n\r\"\\'"},
      {R"(a: 'x\tb"')", "a='x\\tb\"'"},
      {"a: (\nabc\n)\nb: 1", "a='abc' b=1"},
      {"a: (\n  x = (1)\n  y\n  )", "a='x = (1)\n  y'"},
      {"a: true\nb: YES\nc: on\nd: False\ne: no\nf: off", "a=true b=true c=true d=false e=false f=false"},
      {"a: 'true'", "a='true'"},
      {"a: 1k\nb: 1KB\nc: 1KiB\nd: 1Ki\ne: 2m\nf: 2mb\ng: 3g\nh: 1e",
       "a=1000 b=1024 c=1024 d=1024 e=2000000 f=2097152 g=3000000000 h=1000000000000000000"},
      {"a: -1\nb: -2k\nc: 1.5\nd: -0.25", "a=-1 b=-2000 c=1.5f d=-0.25f"},
      {"a: 1x\nb: 12kx\nc: 1e3\nd: 4_222\ne: 0x10\nf: 127.0.0.1\ng: 127.0.0.1:4",
       "a='1x' b='12kx' c='1e3' d='4_222' e='0x10' f='127.0.0.1' g='127.0.0.1:4'"},
      {"a: 2024-01-02T15:04:05Z", "a=@2024-01-02T15:04:05Z"},
      {"a: $2a$11$abc", "a='$2a$11$abc'"},
      {"a: $", "a='$'"},
  };
  for (const Row& row : rows) EXPECT_EQ(parse(row.text), row.expected) << row.text;
}

// The texts are what nats-server 2.15.2 prints.
TEST(ConfigParser, RefusesWithTheWordsOfTheRealServer) {
  const std::string_view top = "Expected a top-level value to end with a new line, comment or EOF, but got ";
  const std::string_view array = R"(Expected an array value terminator "," or an array terminator "]", but got )";
  const std::string_view map = R"(Expected a map value terminator "," or a map terminator "}", but got )";
  const auto at = [](int line, std::string_view what) { return fmt::format("Parse error on line {}: '{}'", line, what); };
  const std::pair<std::string_view, std::string> rows[] = {
      {"port: 4222 host: x", at(1, fmt::format("{}'h' instead.", top))},
      {"a: 1\nmax: 10 kb", at(2, fmt::format("{}'k' instead.", top))},
      {"a: b c", at(1, fmt::format("{}'c' instead.", top))},
      {"port: 1 /* x */", at(1, fmt::format("{}'/' instead.", top))},
      {"port: ]", at(1, fmt::format("{}']' instead.", top))},
      {"port: : 4222", at(1, fmt::format("{}'4' instead.", top))},
      {"port", "config is invalid (t.conf:1:4)"},
      {"foo", "config is invalid (t.conf:1:3)"},
      {"a: 1\nfoo", "config is invalid (t.conf:2:4)"},
      {"]", "config is invalid (t.conf:1:1)"},
      {"port:\n4222", at(2, "Expected value but found new line")},
      {": 1", at(1, "Unexpected key separator ':'")},
      {"= 1", at(1, "Unexpected key separator '='")},
      {"port: [", at(1, fmt::format("{}' ' instead.", array))},
      {"port: [1,2", at(1, fmt::format("{}' ' instead.", array))},
      {"a: [{x: 1} {x: 2}]", at(1, fmt::format("{}'{{' instead.", array))},
      {"a: [,]", at(1, "Unexpected array value terminator ','.")},
      {"a: [1,,2]", at(1, "Unexpected array value terminator ','.")},
      {"port: {", at(1, "Unexpected EOF processing map.")},
      {"foo {", at(1, "Unexpected EOF processing map.")},
      {"foo { a: 1", at(1, fmt::format("{}' ' instead.", map))},
      {"foo { a: 1 b: 2 }", at(1, fmt::format("{}'b' instead.", map))},
      {"port: 'abc", at(1, "Unexpected EOF.")},
      {"port: \"abc", at(1, "Unexpected EOF.")},
      {"a: \"a\\qb\"",
       at(1, R"(Invalid escape character 'q'. Only the following escape characters are allowed: \xXX, \t, \n, \r, \", \\.)")},
      {"a: \"a\\x4\"", at(1, R"(Expected two hexadecimal digits after '\x', but got '4"')")},
      {"a: ( abc )", at(1, "Unexpected EOF processing block.")},
      {"a: (\nabc", at(2, "Unexpected EOF processing block.")},
      {"port: --1", at(1, "Expected a digit but got '-'.")},
      {"port: -", at(1, "Expected a digit but got ' '.")},
      {"a: -abc", at(1, "Expected a digit but got 'a'.")},
      {"port: 1.", at(1, "Floats must have a digit after the '.', but got ' ' instead.")},
      {"a: 99999999999999999999", "integer '99999999999999999999' is out of the range"},
      {"a: 9223372036854775807k", "integer '9223372036854775807' is out of the range"},
      {"port: $nope", "variable reference for 'nope' on line 1 can not be found"},
      {"a: $b\nb: 1", "variable reference for 'b' on line 1 can not be found"},
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(parse(text), expected) << text;
}

TEST(ConfigParser, LooksVariablesUp) {
  World world;
  world.environment = {{"PORT", "4777"}, {"LIST", "[1, 2]"}, {"TEXT", "'a b'"}, {"BAD", "[1"}, {"TWO", "1\nb: 2"}, {"a", "7"}};
  const Row rows[] = {
      {"a: 1\nport: $a", "a=1 port=1"},
      {"a: 1\nb { a: 2, c: $a, d { e: $a } }\nf: $a", "a=1 b={a=2 c=2 d={e=2}} f=1"},
      {"a: 1\na: 2\nb: $a", "a=1 a=2 b=2"},
      {"b: $a", "b=7"},
      {"port: $PORT", "port=4777"},
      {"a: $LIST\nb: $TEXT", "a=[1,2] b='a b'"},
      {"a: [$PORT, $TEXT]", "a=[4777,'a b']"},
  };
  for (const Row& row : rows) EXPECT_EQ(parse(row.text, world), row.expected) << row.text;
  EXPECT_NE(parse("a: $BAD", world).find("Parse error"), std::string::npos);
  EXPECT_NE(parse("a: $TWO", world).find("is not one value"), std::string::npos);
}

TEST(ConfigParser, IncludesFiles) {
  World world;
  world.files = {
      {"inc.conf", "port: 4555\n"},    {"dir/a.conf", "include b.conf"},     {"dir/b.conf", "x: $port"},        {"/abs.conf", "y: 1"},
      {"bad.conf", "a: 1\nport: [\n"}, {"self.conf", "include 'self.conf'"}, {"users.conf", "user: a, pass: b"}};
  const Row rows[] = {
      {"include 'inc.conf'", "port=4555"},
      {"include inc.conf\nz: 1", "port=4555 z=1"},
      {"port: 1\ninclude \"dir/a.conf\"", "port=1 x=1"},
      {"include /abs.conf", "y=1"},
      {"auth { include 'users.conf' }", "auth={user='a' pass='b'}"},
      {"include: inc.conf", "include='inc.conf'"},
      {"include 'none.conf'", "error parsing include file 'none.conf', open none.conf: no such file or directory"},
      {"include", "config is invalid (t.conf:1:7)"},
  };
  for (const Row& row : rows) EXPECT_EQ(parse(row.text, world), row.expected) << row.text;
  EXPECT_TRUE(parse("include 'bad.conf'", world).starts_with("error parsing include file 'bad.conf', Parse error on line 3: '"));
  EXPECT_NE(parse("include 'self.conf'", world).find("more than 16 files"), std::string::npos);
}

TEST(ConfigParser, BoundsNesting) {
  EXPECT_EQ(parse("a: " + std::string(64, '[') + std::string(64, ']')).front(), 'a');
  EXPECT_NE(parse("a: " + std::string(100'000, '[')).find("More than 64"), std::string::npos);
  std::string maps;
  for (int i = 0; i < 100'000; ++i) maps += "a{";
  EXPECT_NE(parse(maps).find("More than 64"), std::string::npos);
}

TEST(ConfigParser, BoundsWhatAFewLinesCanBecome) {
  std::string text = "v0: [1,1,1,1,1,1,1,1,1,1]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string before = "$v" + std::to_string(i - 1);
    text += "v" + std::to_string(i) + ": [" + before + "," + before + "," + before + "]\n";
  }
  EXPECT_NE(parse(text).find("Variables stand for too many values"), std::string::npos);
  World world;
  world.files = {{"twice.conf", "include twice.conf\ninclude twice.conf"}, {"many.conf", ""}};
  EXPECT_NE(parse("include twice.conf", world).find("more than 16 files"), std::string::npos);
  std::string many;
  for (int i = 0; i < 300; ++i) many += "include many.conf\n";
  EXPECT_NE(parse(many, world).find("too many files"), std::string::npos);
}

TEST(ConfigParser, KnowsWhereThingsStand) {
  const auto map = parse_config("a: 1\n  b: [x,\n 'y']\n\"c\": 2", "t.conf", {});
  ASSERT_TRUE(map);
  EXPECT_EQ(to_string((*map)[0].value.position), "t.conf:1:0");
  EXPECT_EQ(to_string((*map)[1].value.position), "t.conf:2:3");
  const auto& array = std::get<ConfigArray>((*map)[1].value.data);
  EXPECT_EQ(to_string(array[0].position), "t.conf:2:7");
  EXPECT_EQ(to_string(array[1].position), "t.conf:3:2");
  EXPECT_EQ(to_string((*map)[2].value.position), "t.conf:4:2");
}

}  // namespace
}  // namespace firth::cli
