#include "runtime/network.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <random>
#include <thread>

#include "tests/mark.h"
#include "tests/runtime/network_harness.h"

namespace firth::runtime {
namespace {

using namespace std::chrono_literals;
using test::Client;
using test::NetworkTest;
using test::Session;

// Sends back what comes.
class EchoSession : public Session {
 public:
  using Session::Session;
  std::size_t on_input(const SharedBytes& bytes) override {
    connection->out().append(bytes);
    connection->touch();
    return bytes.size();
  }
};

auto make_echo = [](Connection& connection) { return std::make_unique<EchoSession>(connection); };

TEST_F(NetworkTest, AddressesAreThoseOfTheSocket) {
  serve();
  EXPECT_EQ(listener_->address().host, "127.0.0.1");
  EXPECT_NE(listener_->address().port, 0);
  Client client(listener_->address());
  wait_for_sessions(1);
  on_loop([&] {
    EXPECT_EQ(session(0).connection->peer().to_string(), "127.0.0.1:" + std::to_string(client.local_port()));
    EXPECT_EQ(session(0).connection->local().to_string(), listener_->address().to_string());
  });
  EXPECT_EQ((Address{"::1", 7}).to_string(), "[::1]:7");
}

TEST_F(NetworkTest, ListeningFailsWithAReason) {
  serve();
  const auto refuse = [](auto) {};
  const auto again = network_->listen(*loop_, listener_->address(), refuse);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, Errc::kExists);
  EXPECT_EQ(again.error().text, "listen on " + listener_->address().to_string() + ": Address already in use (EADDRINUSE)");
  EXPECT_EQ(network_->listen(*loop_, {"999.1.1.1.", 0}, refuse).error().code, Errc::kInvalid);
}

TEST_F(NetworkTest, AClosedListenerRefusesAndItsConnectionsLive) {
  serve(make_echo);
  Client client(listener_->address());
  wait_for_sessions(1);
  const Address address = listener_->address();
  on_loop([&] { listener_ = nullptr; });
  const auto again = network_->listen(*loop_, address, [](auto) {});
  EXPECT_TRUE(again.ok());
  client.send("still here");
  EXPECT_EQ(client.receive(10), "still here");
  loop_->stop();
}

TEST_F(NetworkTest, RandomWritesArriveIntactInBothDirections) {
  serve(make_echo);
  std::vector<std::thread> threads;
  for (unsigned seed = 1; seed <= 4; ++seed)
    threads.emplace_back([this, seed] {
      std::mt19937 random(seed);
      std::string sent(3'000'000, '\0');
      for (char& byte : sent) byte = static_cast<char>(random());
      Client client(listener_->address());
      std::thread reader([&] { EXPECT_TRUE(client.receive(sent.size()) == sent); });
      for (std::size_t at = 0; at < sent.size();) {
        const std::size_t size = std::min<std::size_t>(sent.size() - at, 1 + random() % (random() % 4 == 0 ? 200'000 : 2'000));
        client.send(std::string_view(sent).substr(at, size));
        at += size;
      }
      reader.join();
    });
  for (std::thread& thread : threads) thread.join();
}

// Consumes lines; says what it expects when it is told how long the next one is.
class LineSession : public Session {
 public:
  using Session::Session;
  std::size_t on_input(const SharedBytes& bytes) override {
    calls.push_back(bytes.size());
    const std::size_t end = as_text(bytes.view()).rfind('\n');
    const std::size_t consumed = end == std::string_view::npos ? 0 : end + 1;
    input += as_text(bytes.view().first(consumed));
    if (consumed != bytes.size() && expected != 0) connection->expect(expected);
    return consumed;
  }
  std::vector<std::size_t> calls;
  std::size_t expected = 0;
};

TEST_F(NetworkTest, WhatIsNotConsumedComesAgainInFrontOfWhatFollows) {
  serve([](Connection& connection) { return std::make_unique<LineSession>(connection); });
  Client client(listener_->address());
  wait_for_sessions(1);
  auto& line = static_cast<LineSession&>(session(0));
  client.send("one\ntw");
  wait_until([&] { return line.calls.size() == 1; });
  client.send("o\n");
  wait_until([&] { return line.calls.size() == 2; });
  EXPECT_EQ(line.input, "one\ntwo\n");
  EXPECT_EQ(line.calls, (std::vector<std::size_t>{6, 4}));
}

TEST_F(NetworkTest, ExpectHoldsCallsBackUntilThatMuchIsThere) {
  serve([](Connection& connection) { return std::make_unique<LineSession>(connection); });
  std::size_t count = 0;
  for (const std::size_t size : {100u, 10'000u, 1'000'000u}) {
    Client client(listener_->address());
    wait_for_sessions(++count);
    auto& line = static_cast<LineSession&>(session(count - 1));
    on_loop([&] { line.expected = size; });
    const std::string frame = std::string(size - 1, 'x') + "\n";
    client.send(frame.substr(0, 5));
    wait_until([&] { return line.calls.size() == 1; });
    for (std::size_t at = 5; at < size; at += size / 7) client.send(std::string_view(frame).substr(at, size / 7));
    client.send("next");
    wait_until([&] { return line.input.size() == size; });
    EXPECT_TRUE(line.input == frame);
    EXPECT_LE(line.calls.size(), 3u);  // the first bytes, the frame, perhaps what follows
  }
}

TEST_F(NetworkTest, PausedInputWaitsAndIsDeliveredAfterResuming) {
  serve();
  Client client(listener_->address());
  wait_for_sessions(1);
  client.send("a");
  wait_until([&] { return session(0).input == "a"; });
  on_loop([&] { session(0).connection->pause_input(); });
  client.send("b");
  Client other(listener_->address());  // later than "b" on the way
  wait_for_sessions(2);
  other.send("x");
  wait_until([&] { return session(1).input == "x"; });
  EXPECT_EQ(session(0).input, "a");
  on_loop([&] { session(0).connection->resume_input(); });
  wait_until([&] { return session(0).input == "ab"; });
}

// Takes one byte a call and pauses: what is left is delivered by resuming, without new bytes from the socket.
class OneByteSession : public Session {
 public:
  using Session::Session;
  std::size_t on_input(const SharedBytes& bytes) override {
    input += as_text(bytes.view().first(1));
    connection->pause_input();
    return 1;
  }
};

TEST_F(NetworkTest, ResumingDeliversWhatWasLeft) {
  serve([](Connection& connection) { return std::make_unique<OneByteSession>(connection); });
  Client client(listener_->address());
  wait_for_sessions(1);
  client.send("abcdef");
  for (std::size_t size = 1; size <= 6; ++size) {
    wait_until([&] { return session(0).input.size() == size; });
    on_loop([&] { session(0).connection->resume_input(); });
  }
  EXPECT_EQ(session(0).input, "abcdef");
}

TEST_F(NetworkTest, APeerThatClosesIsReportedOnceAfterItsInput) {
  serve();
  Client client(listener_->address());
  client.send("last words");
  client.close();
  wait_for_sessions(1);
  wait_until([&] { return session(0).closed_calls == 1; });
  EXPECT_EQ(session(0).input, "last words");
  EXPECT_NE(session(0).close_reason.find("closed by the peer"), std::string::npos) << session(0).close_reason;
}

TEST_F(NetworkTest, AResetIsReportedEvenWhileInputIsPaused) {
  serve();
  std::size_t count = 0;
  for (const bool paused : {false, true}) {
    Client client(listener_->address());
    wait_for_sessions(++count);
    Session& mine = session(count - 1);
    if (paused) on_loop([&] { mine.connection->pause_input(); });
    on_loop([] {});  // the pause is in force
    client.reset();
    wait_until([&] { return mine.closed_calls == 1; });
    EXPECT_NE(mine.close_reason.find("ECONNRESET"), std::string::npos) << mine.close_reason;
  }
}

TEST_F(NetworkTest, AHalfClosedPeerGetsTheAnswersToWhatItSent) {
  serve(make_echo);
  Client client(listener_->address());
  client.send("PING\r\n");
  client.shut_down_writing();
  EXPECT_EQ(client.receive_all(), "PING\r\n");
}

TEST_F(NetworkTest, WritesToAPeerThatHasGoneEndTheConnection) {
  serve();
  Client client(listener_->address());
  wait_for_sessions(1);
  on_loop([&] { session(0).connection->pause_input(); });
  client.close();
  wait_until([&] {
    if (session(0).closed_calls != 0) return true;
    session(0).connection->out().append("x");
    session(0).connection->touch();
    return false;
  });
}

TEST_F(NetworkTest, CloseWithLingerDeliversEverything) {
  serve();
  const std::string text(5'000'000, 'z');
  for (std::size_t round = 0; round < 3; ++round) {
    Client client(listener_->address());
    wait_for_sessions(round + 1);
    Session& mine = session(round);
    client.send("this stays unread and must not turn the close into a reset");
    on_loop([&] {
      mine.connection->out().append(SharedBytes::copy(as_bytes(text)));
      mine.connection->close(10s);
    });
    EXPECT_TRUE(client.receive_all() == text);
    EXPECT_EQ(mine.closed_calls, 0);
  }
}

TEST_F(NetworkTest, CloseWithoutLingerWritesOnceAndGoes) {
  serve();
  Client client(listener_->address());
  wait_for_sessions(1);
  on_loop([&] {
    session(0).connection->out().append("-ERR 'bye'\r\n");
    session(0).connection->close(0ms);
  });
  EXPECT_EQ(client.receive_all(), "-ERR 'bye'\r\n");
}

TEST_F(NetworkTest, TheLingerEndsIfThePeerDoesNotRead) {
  serve();
  Client client(listener_->address());
  wait_for_sessions(1);
  on_loop([&] {
    session(0).connection->out().append(SharedBytes::copy(as_bytes(std::string(50'000'000, 'z'))));
    session(0).connection->close(20ms);
  });
  Client other(listener_->address());
  wait_for_sessions(2);
  wait_until([&, deadline = loop_->now() + 40ms] { return loop_->now() >= deadline; });
  const std::string got = client.receive_all();
  EXPECT_LT(got.size(), 50'000'000u);
}

TEST_F(NetworkTest, ASlowReaderHitsTheMarkAndLearnsWhenItHasDrained) {
  serve();
  Client client(listener_->address());
  client.set_receive_buffer(16 * 1024);
  wait_for_sessions(1);
  constexpr std::size_t kTotal = 20'000'000;
  on_loop([&] {
    Connection& connection = *session(0).connection;
    connection.set_output_marks(100'000, 1'000'000);
    for (std::size_t i = 0; i < kTotal / 1000; ++i) connection.out().append(std::string(1000, 'm'));
    connection.touch();
  });
  on_loop([&] {
    EXPECT_EQ(session(0).drained_calls, 0);
    EXPECT_GT(session(0).connection->out().size(), 1'000'000u);
  });
  EXPECT_EQ(client.receive(kTotal).size(), kTotal);
  wait_until([&] { return session(0).drained_calls == 1 && session(0).connection->out().empty(); });
}

TEST_F(NetworkTest, OutputOfManyPartsIsWrittenWhole) {
  serve();
  Client client(listener_->address());
  wait_for_sessions(1);
  std::string expected;
  on_loop([&] {
    for (int i = 0; i < 1000; ++i) {
      const std::string payload(kReferenceBytes, static_cast<char>('a' + i % 26));
      expected += "head" + payload;
      session(0).connection->out().append("head");
      session(0).connection->out().append(SharedBytes::copy(as_bytes(payload)));
    }
    session(0).connection->touch();
  });
  EXPECT_TRUE(client.receive(expected.size()) == expected);
}

TEST_F(NetworkTest, ManyConnectionsAnswerEach) {
  serve(make_echo);
  std::vector<Client> clients;
  for (int i = 0; i < 300; ++i) clients.emplace_back(listener_->address());
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < clients.size(); ++i) clients[i].send("hello " + std::to_string(1000 + i));
    for (std::size_t i = 0; i < clients.size(); ++i) EXPECT_EQ(clients[i].receive(10), "hello " + std::to_string(1000 + i));
  }
  for (std::size_t i = 0; i < clients.size(); i += 2) clients[i].close();
  wait_until([&] { return std::ranges::count_if(sessions_, [](auto& one) { return one->closed_calls == 1; }) == 150; });
}

// A connection may be closed by another's handler while its own events are already fetched.
TEST_F(NetworkTest, HandlersMayCloseEachOther) {
  class Closer : public Session {
   public:
    Closer(Connection& connection, std::deque<std::unique_ptr<Session>>& all) : Session(connection), all_(all) {}
    std::size_t on_input(const SharedBytes& bytes) override {
      for (auto& other : all_)
        if (other->connection != nullptr && other.get() != this) std::exchange(other->connection, nullptr)->close(0ms);
      connection->out().append("survivor");
      connection->touch();
      return bytes.size();
    }
    std::deque<std::unique_ptr<Session>>& all_;
  };
  serve([this](Connection& connection) { return std::make_unique<Closer>(connection, sessions_); });
  std::vector<Client> clients;
  for (int i = 0; i < 8; ++i) clients.emplace_back(listener_->address());
  wait_for_sessions(8);
  on_loop([&] {
    for (Client& client : clients) client.send("x");  // all are ready in the next turn
  });
  std::vector<std::size_t> survivors;
  wait_until([&] {
    survivors.clear();
    for (std::size_t i = 0; i < sessions_.size(); ++i)
      if (sessions_[i]->connection != nullptr) survivors.push_back(i);
    return survivors.size() == 1;
  });
  EXPECT_EQ(clients[survivors.front()].receive(8), "survivor");
}

TEST_F(NetworkTest, RunsOutOfDescriptorsAndGoesOn) {
  serve(make_echo);
  const test::Mark out_of_descriptors("runtime.accept.out_of_descriptors");
  rlimit limit;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::close(next);
  // Room for one more descriptor: the client's own. The server's end finds none.
  const rlimit tight{.rlim_cur = static_cast<rlim_t>(next + 1), .rlim_max = limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  Client client(listener_->address());
  wait_until([&] { return out_of_descriptors.hits() > 0; });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  client.send("patience");
  EXPECT_EQ(client.receive(8), "patience");
}

TEST_F(NetworkTest, DescriptorsAreCloseOnExec) {
  const auto inherited_by_exec = [] {
    std::vector<int> found;
    for (int fd = 3; fd < 64; ++fd)
      if (const int flags = ::fcntl(fd, F_GETFD); flags >= 0 && (flags & FD_CLOEXEC) == 0) found.push_back(fd);
    return found;
  };
  const std::vector<int> before = inherited_by_exec();
  const auto another = make_loop("another", *clock_);
  serve();
  Client client(listener_->address());
  wait_for_sessions(1);
  EXPECT_EQ(inherited_by_exec(), before);
}

}  // namespace
}  // namespace firth::runtime
