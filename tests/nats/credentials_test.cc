// Who gets in, with plain secrets and with hashes, which a worker compares while the client waits.
#include "nats/credentials.h"

#include <gtest/gtest.h>

#include "tests/nats/nats_world.h"

namespace firth::nats {
namespace {

using namespace std::chrono_literals;
using test::NatsWorld;

constexpr const char* kHash = "$2a$04$abcdefghijklmnopqrstuuBh5b/5/Qcm/g6XSjuLKFOXZ6zvyfRzy";  // of "firth"
constexpr std::string_view kViolation = "-ERR 'Authorization Violation'\r\n";

Settings with(Credentials credentials) {
  Settings settings;
  settings.info.headers = true;
  settings.credentials = std::move(credentials);
  return settings;
}

TEST(Credentials, LetInWhoKnowsTheSecret) {
  const Credentials users{.users = {{"plain", "open"}, {"hashed", kHash}}, .token = {}};
  const Credentials token{.users = {}, .token = kHash};
  struct Row {
    const Credentials& credentials;
    std::string_view connect;
    std::string_view answer;
  };
  const Row rows[] = {
      {users, R"({"verbose":false,"user":"plain","pass":"open"})", ""},
      {users, R"({"verbose":false,"user":"plain","pass":"firth"})", kViolation},
      {users, R"({"verbose":false,"user":"hashed","pass":"firth"})", ""},
      {users, R"({"verbose":false,"user":"hashed","pass":"open"})", kViolation},
      {users, R"({"verbose":false,"user":"hashed","pass":"$2a$04$abcdefghijklmnopqrstuuBh5b/5/Qcm/g6XSjuLKFOXZ6zvyfRzy"})", kViolation},
      {users, R"({"verbose":false,"user":"nobody","pass":"firth"})", kViolation},
      {users, R"({"verbose":false})", kViolation},
      {token, R"({"verbose":false,"auth_token":"firth"})", ""},
      {token, R"({"verbose":false,"auth_token":"Firth"})", kViolation},
      {token, R"({"verbose":true,"auth_token":"firth"})", "+OK\r\n"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.connect);
    NatsWorld world({}, with(row.credentials));
    EXPECT_EQ(world.talk(world.connect(), "CONNECT " + std::string(row.connect) + "\r\n"), row.answer);
  }
}

TEST(Credentials, WhatFollowsWaitsForTheVerdict) {
  NatsWorld world({}, with({.users = {{"a", kHash}}, .token = {}}));
  const std::string connect = R"(CONNECT {"verbose":false,"user":"a","pass":"firth"})"
                              "\r\n";
  EXPECT_EQ(world.talk(world.connect(), connect + "SUB x 1\r\nPUB x 2\r\nhi\r\n"), "MSG x 1 2\r\nhi\r\n");
  EXPECT_EQ(world.talk(world.connect(), connect + connect), "") << "a second CONNECT is judged anew";
}

TEST(Credentials, WhoLeavesMeanwhileIsForgotten) {
  NatsWorld world({}, with({.users = {{"a", kHash}}, .token = {}}));
  sim::Client& client = world.connect();
  client.send(R"(CONNECT {"user":"a","pass":"firth"})"
              "\r\n");
  client.close();
  world.world.run_for(1s);
  EXPECT_EQ(world.talk(world.connect(), R"(CONNECT {"verbose":false,"user":"a","pass":"firth"})"
                                        "\r\n"),
            "");
}

}  // namespace
}  // namespace firth::nats
