// The message ids of a stream within its duplicate window. An id outlives its message. Made from the log with the stream's index; what is
// remembered is what was decided.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ids.h"

namespace firth::broker {

class MessageIds {
 public:
  // Ids older than the window are forgotten first. 0: nothing is remembered.
  std::optional<Sequence> find(std::string_view id, std::int64_t now_ns, std::chrono::nanoseconds window);
  // REQUIRES: times do not run backwards.
  void remember(std::string_view id, Sequence sequence, std::int64_t time_ns);
  // Those of messages from `sequence` on.
  void undo(Sequence sequence);
  // The message of the oldest one.
  std::optional<Sequence> oldest() const { return by_time_.empty() ? std::nullopt : std::optional(by_time_.front().sequence); }
  std::size_t size() const { return by_id_.size(); }

 private:
  struct Remembered {
    std::string id;
    Sequence sequence;
    std::int64_t time_ns;
  };
  std::deque<Remembered> by_time_;
  std::unordered_map<std::string_view, Sequence> by_id_;  // views into by_time_
};

}  // namespace firth::broker
