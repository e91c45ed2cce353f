// What one shard's router tells another's in one turn, in order: subscriptions that came and went, and messages. Small payloads are copied
// into it once; from runtime::kReferenceBytes on it holds a reference.
//
//   | head | subscriber ids | subject or filter | reply or queue | payload |  head ...        one entry; no alignment
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/subscriber.h"
#include "subject/subscriber_set.h"

namespace firth::broker {

class RouterBatch {
 public:
  enum class Kind : std::uint8_t { kSubscribe, kUnsubscribe, kDeliver };

  void add_change(Kind kind, AccountId account, std::string_view filter, std::string_view queue, subject::SubscriberId id);
  void add_delivery(const Message& message, std::span<const subject::SubscriberId> ids);

  bool empty() const { return bytes_.empty(); }
  // Payloads held by reference included.
  std::size_t size() const { return bytes_.size() + referenced_bytes_; }

 private:
  friend class RouterBatchReader;
  struct Head {
    Kind kind;
    bool by_reference;
    std::uint32_t account;
    std::uint32_t id_count;
    std::uint32_t first_bytes, second_bytes;  // subject and reply, or filter and queue
    std::uint32_t header_bytes;
    std::uint32_t payload_bytes;
  };
  void put(const void* from, std::size_t size) { bytes_.append(static_cast<const char*>(from), size); }

  std::string bytes_;
  std::vector<SharedBytes> references_;
  std::size_t referenced_bytes_ = 0;
};

// Walks a batch: while (reader.next()) use(reader.kind(), ...). Views live as long as the batch.
class RouterBatchReader {
 public:
  explicit RouterBatchReader(const RouterBatch& batch) : batch_(batch), rest_(batch.bytes_) {}
  bool next();

  RouterBatch::Kind kind() const { return head_.kind; }
  AccountId account() const { return AccountId(head_.account); }
  std::string_view filter() const { return message_.subject; }
  std::string_view queue() const { return message_.reply; }
  const Message& message() const { return message_; }
  std::uint32_t id_count() const { return head_.id_count; }
  subject::SubscriberId id(std::uint32_t index) const;

 private:
  std::string_view take(std::size_t size);

  const RouterBatch& batch_;
  std::string_view rest_;
  RouterBatch::Head head_{};
  std::string_view ids_;
  Message message_;
  std::size_t next_reference_ = 0;
};

}  // namespace firth::broker
