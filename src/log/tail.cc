#include "log/tail.h"

#include <algorithm>

#include "base/assert.h"

namespace firth::log {

void Tail::push(Batch batch) {
  FIRTH_ASSERT(batch.base >= end_);
  FIRTH_ASSERT(batch.next > batch.base);
  end_ = batch.next;
  bytes_ += batch.bytes.size();
  unwritten_bytes_ += batch.bytes.size();
  batches_.push_back(std::move(batch));
}

void Tail::read(const ReadRequest& request, std::vector<SharedBytes>& out) const {
  FIRTH_ASSERT(request.from >= begin_);
  auto at =
      std::upper_bound(batches_.begin(), batches_.end(), request.from, [](Offset from, const Batch& batch) { return from < batch.next; });
  std::size_t taken = 0;
  for (; at != batches_.end() && at->next <= request.bound; ++at) {
    if (taken > 0 && taken + at->bytes.size() > request.max_bytes) return;
    taken += at->bytes.size();
    out.push_back(at->bytes);
  }
}

void Tail::mark_written(std::size_t count) {
  FIRTH_ASSERT(count <= unwritten_count());
  for (; count > 0; --count, ++unwritten_) {
    unwritten_bytes_ -= batches_[unwritten_].bytes.size();
    written_end_ = batches_[unwritten_].next;
  }
}

void Tail::trim(std::size_t keep_bytes) {
  while (bytes_ > keep_bytes && unwritten_ > 0) {
    bytes_ -= batches_.front().bytes.size();
    begin_ = batches_.front().next;
    batches_.pop_front();
    --unwritten_;
  }
}

}  // namespace firth::log
