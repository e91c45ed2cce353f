// One Kafka connection: frames in, replies out in the order of the requests.
//
// Requests run one at a time, as Kafka mutes a connection while one is served, but for those whose rows say InFlight::kTogether (produce):
// they are decided in order and wait for their sync together.
//
// Memory (runtime/memory_governor.h): over the budget no fetch and no produce is begun, and no large request is read, until there is some
// again; what a client of ours waits for then is its socket.
//
// Shard: the connection's. Lives until the tasks of its requests have ended, which may be after the connection.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "kafka/handler.h"
#include "runtime/network.h"
#include "runtime/task_group.h"

namespace firth::kafka {

class Sessions;

class Session final : public runtime::ConnectionHandler {
 public:
  static constexpr std::size_t kMaxInFlight = 64;
  // Above it no further request is begun until the client has read.
  static constexpr std::size_t kMaxPendingOutput = 4 * 1024 * 1024;
  // Requests from that size on are counted, from the moment that their size is known until they are answered.
  static constexpr std::size_t kCountedRequestBytes = 64 * 1024;

  Session(Sessions& sessions, runtime::Connection& connection, std::uint64_t id);

  std::uint64_t id() const { return id_; }
  runtime::TaskGroup& tasks() { return tasks_; }
  bool is_closed() const { return connection_ == nullptr; }
  // Nothing more is served; why is logged.
  void close(std::string_view why);
  // Goes on with what has arrived, if it waited for room.
  void resume();

  std::size_t on_input(const SharedBytes& input) override;
  void on_closed(const Error& why) override;
  void on_output_drained() override { resume(); }

 private:
  struct Pending {
    std::uint64_t number;
    std::optional<Reply> reply;
    std::size_t counted_bytes = 0;  // of the request
  };
  bool may_begin(const HandlerRow* row) const;
  bool has_memory_for(const HandlerRow* row) const;
  bool count_request(std::size_t bytes);
  void uncount(std::size_t& bytes);
  // Whether it was taken; it stays in the input otherwise.
  bool take(const SharedBytes& frame);
  void begin(const HandlerRow& row, RequestHeader header, Reader in);
  void finish(std::uint64_t number, Reply reply);
  void write_replies();
  void pause();
  void pause_for_memory();
  void ended();
  static runtime::Task<> serve(Session& session, const HandlerRow& row, RequestHeader header, Reader in, std::uint64_t number);

  Sessions& sessions_;
  runtime::Connection* connection_;
  const std::uint64_t id_;
  const std::string client_host_;
  const std::string who_;  // in log lines
  runtime::TaskGroup tasks_;
  std::deque<Pending> pending_;               // in the order of the requests
  InFlight in_flight_ = InFlight::kTogether;  // of those that are pending
  std::uint64_t last_number_ = 0;
  bool is_paused_ = false;
  std::size_t counted_bytes_ = 0;  // of the request that is on its way in
};

}  // namespace firth::kafka
