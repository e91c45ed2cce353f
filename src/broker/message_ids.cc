#include "broker/message_ids.h"

namespace firth::broker {

std::optional<Sequence> MessageIds::find(std::string_view id, std::int64_t now_ns, std::chrono::nanoseconds window) {
  while (!by_time_.empty() && by_time_.front().time_ns < now_ns - window.count()) {
    const Remembered& oldest = by_time_.front();
    // The id may have been used again, in a message that the window still covers.
    const auto found = by_id_.find(oldest.id);
    if (found != by_id_.end() && found->first.data() == oldest.id.data()) by_id_.erase(found);
    by_time_.pop_front();
  }
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::nullopt : std::optional(found->second);
}

void MessageIds::remember(std::string_view id, Sequence sequence, std::int64_t time_ns) {
  const Remembered& added = by_time_.emplace_back(Remembered{.id = std::string(id), .sequence = sequence, .time_ns = time_ns});
  by_id_.erase(id);  // its key is a view into the older entry
  by_id_.emplace(added.id, sequence);
}

void MessageIds::undo(Sequence sequence) {
  while (!by_time_.empty() && by_time_.back().sequence >= sequence) {
    by_id_.erase(by_time_.back().id);
    by_time_.pop_back();
  }
}

}  // namespace firth::broker
