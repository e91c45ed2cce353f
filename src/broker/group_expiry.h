// When committed offsets, and the groups that they belong to, are forgotten (Kafka's offsets.retention.minutes). The retention counts
//
//   somebody is in the group             not at all: nothing of it is forgotten
//   nobody is, but somebody was          from when the last one left, or from an offset's commit if that was later
//   nobody ever was                      from each offset's commit
//
// A group without members whose last offset goes, or that has none, goes with it.
#pragma once

#include <chrono>
#include <vector>

#include "broker/group_offsets.h"

namespace firth::broker {

struct ExpiredGroup {
  std::vector<GroupOffsets::TopicPartition> offsets;
  bool is_over = false;  // nothing of it is left
};

// REQUIRES: nobody is in the group.
ExpiredGroup find_expired(const GroupOffsets::Group& group, std::chrono::milliseconds retention, std::int64_t now_ms);

}  // namespace firth::broker
