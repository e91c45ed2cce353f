// One client's connection: what it sends is parsed and routed, what others publish is framed into its out-buffer.
//
//   on_input -> Parser -> handle(operation) -> Router::publish -> deliver() of other sessions        one turn;
//                                                                 (appends and touches)              then the loop writes each once
//
// Owner: Sessions, of one shard. After close() it waits for its destruction, at the end of the turn, and does nothing any more.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "broker/router.h"
#include "nats/connect_options.h"
#include "nats/delivery_limit.h"
#include "nats/face.h"
#include "nats/keep_alive.h"
#include "nats/parser.h"
#include "runtime/network.h"

namespace firth::nats {

class Sessions;

class Session final : public runtime::ConnectionHandler, public broker::Subscriber {
 public:
  // The connection's handler is set; start() greets.
  Session(Sessions& owner, runtime::Connection& connection, std::uint64_t id);
  ~Session() override;
  void start();
  // The server ends.
  void shut_down();

  std::uint64_t id() const { return id_; }

  std::size_t on_input(const SharedBytes& input) override;
  void on_closed(const Error& why) override;
  void on_over_budget() override { backlog_mark_ = 0; }  // the delivery under way sees it
  broker::Pressure deliver(const broker::Message& message, std::uint64_t tag) override;
  bool is_client() const override { return true; }

 private:
  struct Subscription {
    subject::SubscriberId id;
    DeliveryLimit limit;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Subscriptions = std::unordered_map<std::string, Subscription, TextHash, std::equal_to<>>;
  enum class Step : std::uint8_t { kNext, kAgain, kEnd };  // kAgain: the operation waits, input is paused
  struct Published {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    broker::Pressure pressure = broker::Pressure::kNone;
  };

  Step handle(const Operation& operation);
  Step connect(std::string_view arguments);
  enum class Admission : std::uint8_t { kAccepted, kRefused, kAwaited };
  Admission judge_credentials();
  void compare_hash(const Credentials::Claim& claim);
  Step publish(const Operation& operation);
  Step subscribe(const Operation& operation);
  Step unsubscribe(const Operation& operation);
  Step ping();
  void answer_no_responders(const broker::Message& request);
  void remove(Subscriptions::iterator subscription);
  void finish_input();

  Step refuse(ProtocolError error);
  Step ok();
  void send(std::string_view text);
  void trace(std::string_view direction, std::string_view what, std::string_view payload) const;

  broker::Pressure on_backlog(std::size_t pending);
  void watch_write_deadline(std::size_t pending);
  void give_up_slow_consumer(std::string_view why);
  void check_write_deadline();
  void on_keep_alive();
  void on_authentication_timeout();
  void schedule(runtime::TimerId& timer, std::chrono::nanoseconds delay, void (Session::*action)());
  void resume();

  // Closes, with what was written so far if the client may still read it, and lets go of everything.
  enum class Farewell : std::uint8_t { kWritten, kNone };
  void close(Farewell farewell, std::string_view why);
  void release();
  bool is_open() const { return connection_ != nullptr; }
  const Settings& settings() const;

  Sessions& owner_;
  runtime::Connection* connection_;  // null: closed
  const std::uint64_t id_;
  Parser parser_;
  KeepAlive keep_alive_;
  ConnectOptions options_;
  bool is_admitted_;                              // showed its credentials, or none are asked for
  const bool traces_;                             // -V
  Admission hash_verdict_ = Admission::kAwaited;  // of the worker that compared a hash
  bool info_is_due_ = false;                      // the second INFO, after the first PONG
  Subscriptions subscriptions_;
  Published published_;  // of the input under way

  // When the out-buffer reaches it there is something to do: watch the write deadline, or end a slow consumer.
  std::size_t backlog_mark_;
  std::uint64_t write_goal_ = 0;  // OutBuffer::written_bytes that must be reached when the write deadline comes
  runtime::TimerId keep_alive_timer_, authentication_timer_, write_timer_, resume_timer_;
};

}  // namespace firth::nats
