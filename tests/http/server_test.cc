// Pages over the simulated network.
#include "http/server.h"

#include <gtest/gtest.h>

#include "tests/sim/network.h"
#include "tests/sim/world.h"

namespace firth::http {
namespace {

using namespace std::chrono_literals;
using State = sim::Client::State;

struct HttpWorld {
  explicit HttpWorld(std::uint64_t seed) : world(seed), server(world.network(), world.loop("shard0")) {
    server.add_page("/hello", [](const Request& request) { return Response{.body = "hello " + std::string(request.query)}; });
    EXPECT_TRUE(server.listen({"127.0.0.1", 8222}));
  }
  ~HttpWorld() { server.close_all(); }
  sim::Client& connect() { return world.network().connect({"127.0.0.1", 8222}); }
  std::string ask(sim::Client& client, std::string_view request) {
    client.send(request);
    world.run_for(100ms);
    return client.take_received();
  }
  sim::World world;
  Server server;
};

TEST(HttpServer, ServesPagesOverOneConnectionHoweverItIsCut) {
  const std::string input =
      "GET /hello?you HTTP/1.1\r\n\r\nHEAD /hello HTTP/1.1\r\n\r\nGET /nothing HTTP/1.1\r\n\r\nPUT /hello HTTP/1.1\r\n\r\n";
  const auto head = [](std::string_view status, std::string_view type, int length) {
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: " + std::string(type) + "\r\nContent-Length: " + std::to_string(length) +
           "\r\nConnection: keep-alive\r\n\r\n";
  };
  const std::string expected = head("200 OK", "application/json", 9) + "hello you" + head("200 OK", "application/json", 6) +
                               head("404 Not Found", "text/plain", 10) + "Not Found\n" + head("405 Method Not Allowed", "text/plain", 19) +
                               "Method Not Allowed\n";
  for (std::size_t cut = 0; cut < input.size(); cut += 7) {
    HttpWorld http(cut + 1);
    sim::Client& client = http.connect();
    std::string answer = http.ask(client, std::string_view(input).substr(0, cut));
    answer += http.ask(client, std::string_view(input).substr(cut));
    EXPECT_EQ(answer, expected);
    EXPECT_EQ(client.state(), State::kOpen);
  }
}

TEST(HttpServer, ClosesWhenAskedWhenItMakesNoSenseAndWhenItIsQuiet) {
  HttpWorld http(1);
  sim::Client& polite = http.connect();
  EXPECT_TRUE(http.ask(polite, "GET /hello HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(polite.state(), State::kClosed);
  sim::Client& confused = http.connect();
  EXPECT_TRUE(http.ask(confused, "SUB a 1\r\n\r\n").starts_with("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_EQ(confused.state(), State::kClosed);
  sim::Client& quiet = http.connect();
  http.world.run_for(61s);
  EXPECT_EQ(quiet.state(), State::kClosed);
}

}  // namespace
}  // namespace firth::http
