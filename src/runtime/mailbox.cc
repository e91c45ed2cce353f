#include "runtime/mailbox.h"

#include <utility>

#include "base/assert.h"

namespace firth::runtime {

Mailbox::Mailbox(Loop& own, std::vector<Loop*> loops) : own_(own), loops_(std::move(loops)), waiting_(loops_.size()) {
  own_.set_turn_end_hook(TurnStage::kMailboxes, *this);
}

void Mailbox::post(ShardIndex target, Job message) {
  FIRTH_ASSERT(target.value() < waiting_.size());
  std::vector<Job>& batch = waiting_[target.value()];
  if (batch.empty()) touched_.push_back(target.value());
  batch.push_back(std::move(message));
  own_.request_turn_end(TurnStage::kMailboxes);
}

void Mailbox::on_turn_end() {
  if (gatherer_ != nullptr) gatherer_->on_turn_end();
  for (const std::uint32_t target : touched_) {
    loops_[target]->post([batch = std::exchange(waiting_[target], {})]() mutable {
      for (Job& message : batch) std::exchange(message, Job())();
    });
  }
  touched_.clear();
}

}  // namespace firth::runtime
