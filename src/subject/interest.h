// The answer of a match: who receives a message. Receivers of plain subscriptions each get it; of each queue group one member does.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "subject/subscriber_set.h"

namespace firth::subject {

// Queue groups have numbers while at least one member exists; InterestTrie::queue_name says which is which.
using QueueId = StrongInt<struct QueueIdTag, std::uint32_t>;

// Members first .. first + count of the receivers. Groups of one name are one group, whatever filters its members used.
struct QueueGroup {
  QueueId queue;
  std::uint32_t first;
  std::uint32_t count;
};

// A view; its maker says how long it lives.
//   receivers   | plain ... | members of group 0 ... | members of group 1 ... |
struct Interest {
  std::span<const SubscriberId> receivers;
  std::span<const QueueGroup> groups;

  bool empty() const { return receivers.empty(); }
  std::span<const SubscriberId> plain() const { return receivers.first(groups.empty() ? receivers.size() : groups.front().first); }
  std::span<const SubscriberId> members(const QueueGroup& group) const { return receivers.subspan(group.first, group.count); }
};

// Memory for one answer, used again and again.
class InterestBuffer {
 public:
  Interest view() const { return {receivers_, groups_}; }

 private:
  friend class InterestTrie;
  struct Members {
    QueueId queue;
    std::span<const SubscriberId> ids;
  };
  std::vector<SubscriberId> receivers_;
  std::vector<QueueGroup> groups_;
  std::vector<Members> members_;  // of queue groups, as found, while matching
};

}  // namespace firth::subject
