#include "nats/connect_options.h"

#include <gtest/gtest.h>

#include "nats/info.h"

namespace firth::nats {
namespace {

TEST(ConnectOptions, ReadsWhatClientsSend) {
  ConnectOptions options;
  ASSERT_TRUE(
      read_connect(R"({"verbose":false,"pedantic":false,"tls_required":true,"name":"n","lang":"go","version":"1.2","protocol":1,)"
                   R"("echo":false,"headers":true,"no_responders":true,"user":"u","pass":"p","auth_token":"t","nkey":"N","jwt":"J",)"
                   R"("sig":"S","proxy_sig":"P","account":"A","new_account":true,"import":{"allow":["x"]}})",
                   options));
  EXPECT_FALSE(options.verbose || options.pedantic || options.echo);
  EXPECT_TRUE(options.tls_required && options.headers && options.no_responders && options.new_account);
  EXPECT_EQ(options.protocol, 1);
  EXPECT_EQ(options.name + options.language + options.version, "ngo1.2");
  EXPECT_EQ(options.user + options.password + options.token + options.nkey, "uptN");
  EXPECT_EQ(options.jwt + options.signature + options.proxy_signature + options.account, "JSPA");
}

// nats-server 2.15.2 closes without a word on the rows that are refused.
TEST(ConnectOptions, IsAsLenientAsTheRealServer) {
  struct Row {
    std::string_view json;
    bool accepted, verbose;
  };
  const Row rows[] = {
      {"{}", true, true},
      {" { } ", true, true},
      {"null", true, true},
      {R"({"verbose":false})", true, false},
      {R"({"VERBOSE":false})", true, false},
      {R"({"verbose":null})", true, true},
      {R"({"verbose":true,"verbose":false})", true, false},
      {R"({"verbose":false,"unknown":[1,{}]})", true, false},
      {R"({"verbose":1})", false, true},
      {R"({"verbose":"x"})", false, true},
      {R"({"user":5})", false, true},
      {R"({"protocol":1.5})", false, true},
      {R"({"protocol":1.0})", false, true},
      {R"({"protocol":"1"})", false, true},
      {R"({"protocol":99999999999999999999})", false, true},
      {R"({"protocol":9999999999999999999})", false, true},
      {R"({"verbose":false} x)", false, true},
      {R"({"verbose":false)", false, true},
      {R"({verbose:false})", false, true},
      {"[]", false, true},
      {"x", false, true},
      {"", false, true},
      {"{\"name\":\"\xff\"}", true, true},
  };
  for (const Row& row : rows) {
    ConnectOptions options;
    EXPECT_EQ(read_connect(row.json, options).ok(), row.accepted) << row.json;
    if (row.accepted) EXPECT_EQ(options.verbose, row.verbose) << row.json;
  }
}

TEST(ConnectOptions, ChangesOnlyWhatASecondConnectNames) {
  ConnectOptions options;
  ASSERT_TRUE(read_connect(R"({"verbose":false,"name":"first"})", options));
  ASSERT_TRUE(read_connect(R"({"pedantic":false})", options));
  EXPECT_FALSE(options.verbose);
  EXPECT_EQ(options.name, "first");
}

TEST(ConnectOptions, MustAgreeWithTheServer) {
  struct Row {
    std::string_view json;
    ProtocolError problem;
  };
  const Row rows[] = {
      {"{}", ProtocolError::kNone},
      {R"({"protocol":1,"no_responders":true,"headers":true})", ProtocolError::kNone},
      {R"({"protocol":2})", ProtocolError::kInvalidClientProtocol},
      {R"({"protocol":-1})", ProtocolError::kInvalidClientProtocol},
      {R"({"no_responders":true})", ProtocolError::kNoRespondersNeedHeaders},
      {R"({"account":"x"})", ProtocolError::kAuthorizationViolation},
      {R"({"new_account":true})", ProtocolError::kAuthorizationViolation},
  };
  for (const Row& row : rows) {
    ConnectOptions options;
    ASSERT_TRUE(read_connect(row.json, options));
    EXPECT_EQ(problem_of(options), row.problem) << row.json;
  }
}

TEST(ConnectOptions, RefusesDeepNesting) {
  ConnectOptions options;
  EXPECT_FALSE(read_connect("{\"x\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}", options));
}

TEST(Info, WritesTheFieldsOfTheRealServer) {
  Info info;
  info.server_id = info.server_name = "NABC";
  info.version = "2.15.2";
  info.go = "go1.26.8";
  info.host = "127.0.0.1";
  info.port = 4222;
  info.client_id = 5;
  info.client_ip = "127.0.0.1";
  EXPECT_EQ(info_line(info),
            R"(INFO {"server_id":"NABC","server_name":"NABC","version":"2.15.2","proto":1,"go":"go1.26.8","host":"127.0.0.1","port":4222,)"
            R"("headers":true,"max_payload":1048576,"client_id":5,"client_ip":"127.0.0.1"})"
            "\r\n");
  info.jetstream = info.auth_required = info.lame_duck_mode = info.connect_info = info.is_system_account = true;
  info.tls_available = info.tls_required = info.tls_verify = true;
  info.nonce = "n\"";
  info.cluster = "c";
  info.domain = "d";
  info.remote_account = "$G";
  info.connect_urls = {"a:1", "b:2"};
  info.api_level = 4;
  EXPECT_EQ(
      info_line(info),
      R"(INFO {"server_id":"NABC","server_name":"NABC","version":"2.15.2","proto":1,"go":"go1.26.8","host":"127.0.0.1","port":4222,)"
      R"("headers":true,"auth_required":true,"tls_required":true,"tls_verify":true,"tls_available":true,"max_payload":1048576,)"
      R"("jetstream":true,"client_id":5,"client_ip":"127.0.0.1","nonce":"n\"","cluster":"c","domain":"d","connect_urls":["a:1","b:2"],)"
      R"("ldm":true,"connect_info":true,"remote_account":"$G","acc_is_sys":true,"api_lvl":4})"
      "\r\n");
}

}  // namespace
}  // namespace firth::nats
