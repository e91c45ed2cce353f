#include "broker/router_batch.h"

#include <cstring>

#include "base/assert.h"
#include "runtime/out_buffer.h"

namespace firth::broker {

void RouterBatch::add_change(Kind kind, AccountId account, std::string_view filter, std::string_view queue, subject::SubscriberId id) {
  const Head head{.kind = kind,
                  .by_reference = false,
                  .account = account.value(),
                  .id_count = 1,
                  .first_bytes = static_cast<std::uint32_t>(filter.size()),
                  .second_bytes = static_cast<std::uint32_t>(queue.size()),
                  .header_bytes = 0,
                  .payload_bytes = 0};
  put(&head, sizeof head);
  put(&id, sizeof id);
  put(filter.data(), filter.size());
  put(queue.data(), queue.size());
}

void RouterBatch::add_delivery(const Message& message, std::span<const subject::SubscriberId> ids) {
  const bool by_reference = message.block != nullptr && message.payload.size() >= runtime::kReferenceBytes;
  const Head head{.kind = Kind::kDeliver,
                  .by_reference = by_reference,
                  .account = 0,
                  .id_count = static_cast<std::uint32_t>(ids.size()),
                  .first_bytes = static_cast<std::uint32_t>(message.subject.size()),
                  .second_bytes = static_cast<std::uint32_t>(message.reply.size()),
                  .header_bytes = message.header_bytes,
                  .payload_bytes = static_cast<std::uint32_t>(message.payload.size())};
  put(&head, sizeof head);
  put(ids.data(), ids.size_bytes());
  put(message.subject.data(), message.subject.size());
  put(message.reply.data(), message.reply.size());
  if (by_reference) {
    references_.push_back(message.share(message.payload));
    referenced_bytes_ += message.payload.size();
  } else {
    put(message.payload.data(), message.payload.size());
  }
}

std::string_view RouterBatchReader::take(std::size_t size) {
  FIRTH_DASSERT(size <= rest_.size());
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

bool RouterBatchReader::next() {
  if (rest_.empty()) return false;
  std::memcpy(&head_, take(sizeof head_).data(), sizeof head_);
  ids_ = take(head_.id_count * sizeof(subject::SubscriberId));
  message_.subject = take(head_.first_bytes);
  message_.reply = take(head_.second_bytes);
  message_.header_bytes = head_.header_bytes;
  message_.block = nullptr;
  if (head_.by_reference) {
    message_.block = &batch_.references_[next_reference_++];
    message_.payload = as_text(message_.block->view());
  } else {
    message_.payload = take(head_.payload_bytes);
  }
  return true;
}

subject::SubscriberId RouterBatchReader::id(std::uint32_t index) const {
  subject::SubscriberId id;
  std::memcpy(&id, ids_.data() + index * sizeof id, sizeof id);
  return id;
}

}  // namespace firth::broker
