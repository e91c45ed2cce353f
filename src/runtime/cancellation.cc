#include "runtime/cancellation.h"

#include "base/assert.h"

namespace firth::runtime {

Cancellation::Callback::Callback(Cancellation& cancellation, Job called) : called_(std::move(called)) {
  if (cancellation.requested_) {
    called_();
    return;
  }
  next_ = cancellation.first_;
  link_ = &cancellation.first_;
  if (next_ != nullptr) next_->link_ = &next_;
  cancellation.first_ = this;
}

void Cancellation::Callback::unlink() {
  if (link_ == nullptr) return;
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  link_ = nullptr;
}

Cancellation::~Cancellation() { FIRTH_ASSERT(first_ == nullptr); }

// One at a time from the front: a callback may resume who destroys others.
void Cancellation::request() {
  requested_ = true;
  while (first_ != nullptr) {
    Callback& callback = *first_;
    callback.unlink();
    Job called = std::move(callback.called_);  // the callback may go while it is called
    called();
  }
}

}  // namespace firth::runtime
