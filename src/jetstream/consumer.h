// A consumer at work, on the shard of its stream: reads on, delivers to who asked or to its subject, takes acknowledgements.
//
//   stream --next--> deliver --> the router          changes of a turn --> one act --> released --> confirmations of acknowledgements
//                       \-> AckTracker (decided) --^
//
// Nobody waits for the act of a delivery: after a crash those in the lost tail are delivered again.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/consumer_state.h"
#include "broker/piece_kinds.h"
#include "broker/router.h"
#include "broker/stream.h"
#include "jetstream/consumer_json.h"
#include "jetstream/consumer_pull.h"
#include "runtime/deadline.h"
#include "runtime/loop.h"

namespace firth::jetstream {

class Consumer {
 public:
  // Who has it: told that a message is done, and that the consumer has had no client for too long.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_done(Sequence message) = 0;
    virtual void on_inactive(const std::string& name) = 0;
  };
  struct Around {
    broker::Stream& stream;
    broker::Router& router;
    runtime::Loop& loop;
    Owner& owner;
  };

  // A new one, whose start act is written, or one that was found with its state: what it delivered last may be forgotten.
  enum class Origin : bool { kNew, kFound };
  Consumer(Around around, broker::ConsumerStart start, broker::AckTracker tracker, Origin origin);
  ~Consumer();

  const broker::ConsumerConfig& config() const { return start_.config; }
  const broker::AckTracker& tracker() const { return tracker_; }
  void change_config(broker::ConsumerConfig config);

  // MSG.NEXT: answers go to `reply`.
  void pull(std::string_view body, std::string_view reply);
  // An acknowledgement of `message`; `reply` gets an empty message when it is released.
  void acknowledge(Sequence message, std::string_view body, std::string_view reply);
  void flow_control_answered() { unanswered_bytes_ = 0, flow_asked_ = false, pump_later(); }
  // Messages came, or went.
  void on_messages() { pump_later(); }
  void on_erased() { pending_known_ = false; }
  // Pulls that wait are told so. Who is pushed to is not, as in nats-server 2.15.
  void end(std::string_view status);

  // The message was delivered and is done, or is not for this consumer.
  bool is_done_with(Sequence message, std::string_view subject) const;
  std::string info();

 private:
  struct Waiting {
    std::string reply;
    PullRequest request;
    std::int64_t left = 0;        // messages
    std::int64_t bytes_left = 0;  // if there is a limit
    std::optional<runtime::MonotonicTime> expires;
    std::optional<runtime::MonotonicTime> heartbeat;
    bool delivered = false;
  };

  bool may_start_now(const PullRequest& request, std::string_view reply);
  void find_initial();
  void pump_later();
  void pump();
  bool deliver_one();
  std::optional<broker::StoredMessage> redelivery();
  std::optional<broker::StoredMessage> new_message();
  void drop_exhausted();
  bool is_exhausted(Sequence message) const;
  bool is_full() const;  // as many are not acknowledged as may be
  bool is_stalled() const;
  bool send(const broker::StoredMessage& message, bool again);
  bool send_pull(const broker::StoredMessage& message, std::string_view ack_reply, const std::string& payload, std::uint32_t header_bytes);
  void drop_uninterested();
  void answer_no_wait();
  std::uint64_t pending();
  void count_pending(bool delivered_new);
  std::int64_t ack_deadline(std::uint64_t deliveries) const;

  bool has_number();
  void reserve(std::uint64_t used);

  void change(const broker::AckChange& change);
  void flush();

  void watch_time();
  runtime::MonotonicTime next_heartbeat() const { return runtime::deadline_after(last_sent_, config().idle_heartbeat); }  // of a push one
  void on_time();
  void status_to(std::string_view subject, std::string_view status, std::string_view lines = {}, std::string_view reply = {});
  std::string pending_lines(const Waiting& waiting) const;
  std::string position_lines() const;
  bool has_client() const;
  bool is_abandoned() const;
  std::int64_t now_ns() const { return around_.loop.wall_now().time_since_epoch().count(); }
  void ask_flow_control(std::size_t bytes);

  Around around_;
  broker::ConsumerStart start_;
  broker::AckTracker tracker_;
  std::uint64_t forgotten_ = 0;  // deliveries up to this number may have been made before the start
  bool reserving_ = false;
  std::deque<Sequence> initial_;  // of `last_per_subject`
  std::deque<Waiting> waiting_;

  log::ByteWriter changes_;
  bool changed_ = false;
  std::vector<std::string> confirmations_;
  bool posted_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  bool pending_known_ = false;
  std::uint64_t pending_ = 0;
  Sequence pending_end_;  // messages behind it are not counted yet

  runtime::TimerId timer_;
  runtime::MonotonicTime last_client_, last_sent_;
  std::int64_t delivered_ns_ = 0, acknowledged_ns_ = 0;
  std::size_t unanswered_bytes_ = 0;
  std::uint64_t flow_id_ = 0;
  bool flow_asked_ = false;
};

}  // namespace firth::jetstream
