// Direct gets (ADR-31): messages of a stream, asked for past the API and answered message for message, with their place in headers. One
// message, a batch from a place on, or the last message of each of many subjects. Home shard of the stream.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "broker/router.h"
#include "broker/stream.h"
#include "jetstream/message_query.h"

namespace firth::jetstream {

inline constexpr std::string_view kDirectGetPrefix = "$JS.API.DIRECT.GET.";

class DirectGets {
 public:
  // The last messages of so many subjects at once; of more, none.
  static constexpr std::size_t kMostSubjects = 1024;
  // Of one batch, unless the client says less or more; and of the last messages, which go out in one turn, in any case: half of what may
  // wait for a client.
  static constexpr std::uint64_t kBatchBytes = 64 * 1024 * 1024, kMostLastBytes = 32 * 1024 * 1024;
  // Batches take turns, and a turn reads and sends no more than this.
  static constexpr std::size_t kMostBatches = 256, kTurnMessages = 256, kTurnBytes = 256 * 1024;

  DirectGets(broker::Stream& stream, broker::Router& router) : stream_(stream), router_(router) {}
  ~DirectGets() { stream_.loop().cancel(timer_); }

  // The subject is that prefix with the stream's name, and perhaps with a subject whose last message is asked for.
  void answer(const broker::Message& request);

 private:
  struct Batch {
    MessageQuery query;
    std::string reply;
    Sequence from;
    Sequence last{0};  // that was sent
    std::uint64_t sent = 0, sent_bytes = 0, pending = 0;
  };
  enum class Progress : std::uint8_t { kDone, kGoesOn, kWaits };

  void send_one(const MessageQuery& asked, std::string_view reply);
  void send_last_of_each(const MessageQuery& asked, std::string_view reply);
  void begin_batch(MessageQuery asked, std::string_view reply);
  Progress send_some(Batch& batch);
  void go_on();
  void end_batch(const Batch& batch);
  void refuse(std::string_view reply, std::string_view status);

  broker::Stream& stream_;
  broker::Router& router_;
  std::deque<Batch> batches_;
  std::size_t waiting_ = 0;  // so many in a row had a receiver with a backlog
  runtime::TimerId timer_;
};

}  // namespace firth::jetstream
