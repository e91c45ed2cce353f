// What members ask of a group's coordinator, what they are told, and what it knows of each. No protocol's words: a face turns its requests
// into these and a GroupFault into its own error.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/shared_bytes.h"
#include "runtime/loop.h"

namespace firth::broker {

enum class GroupFault : std::uint8_t {
  kNone,
  kNotAvailable,          // not stored, or the coordinator is ending: ask again
  kNotCoordinator,        // the group lives elsewhere
  kNotFound,              // no such group
  kNotEmpty,              // it has members
  kFull,                  // it has as many as it may
  kSessionTimeout,        // outside of the limits
  kInconsistentProtocol,  // the member speaks none that all others speak, or is of another type
  kUnknownMember,
  kMemberIdRequired,  // join again with the id that comes with this
  kIllegalGeneration,
  kRebalancing,
  kFencedInstance,    // another member has taken its instance id
  kUnknownPartition,  // of a committed offset
  kMetadataTooLarge,  // of a committed offset
  kCommitTooLarge,
};

struct GroupProtocol {
  std::string name;
  SharedBytes metadata;
};

// Whether a member without id is given one to join again with, so that one whose answer was lost leaves nobody behind.
enum class FirstJoin : std::uint8_t { kTakesPart, kGetsId };
// Whether a static leader that comes back can be told that nothing is to be assigned.
enum class SkipAssignment : std::uint8_t { kNotUnderstood, kUnderstood };

struct JoinRequest {
  std::string member_id;  // empty: none yet
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string client_host;
  std::string protocol_type;
  std::vector<GroupProtocol> protocols;  // best first
  std::chrono::milliseconds session_timeout{0};
  std::chrono::milliseconds rebalance_timeout{0};
  FirstJoin first_join = FirstJoin::kGetsId;
  SkipAssignment skip_assignment = SkipAssignment::kUnderstood;
};

struct JoinedMember {
  std::string id;
  std::optional<std::string> instance_id;
  SharedBytes metadata;
};

struct JoinAnswer {
  GroupFault fault = GroupFault::kNone;
  std::string member_id;
  std::int32_t generation = -1;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol;
  std::string leader;
  bool skip_assignment = false;
  std::vector<JoinedMember> members;  // the leader alone gets them
};

// Who speaks, and of which generation.
struct MemberRef {
  std::string member_id;
  std::optional<std::string> instance_id;
  std::int32_t generation = -1;
};

struct MemberAssignment {
  std::string member_id;
  SharedBytes assignment;
};

struct SyncRequest {
  MemberRef member;
  std::optional<std::string> protocol_type;  // checked, if given
  std::optional<std::string> protocol;
  std::vector<MemberAssignment> assignments;  // from the leader
};

struct SyncAnswer {
  GroupFault fault = GroupFault::kNone;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol;
  SharedBytes assignment;
};

using JoinDone = std::move_only_function<void(JoinAnswer)>;
using SyncDone = std::move_only_function<void(SyncAnswer)>;

struct GroupMember {
  std::string id;
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string client_host;
  std::vector<GroupProtocol> protocols;
  std::chrono::milliseconds session_timeout{0};
  std::chrono::milliseconds rebalance_timeout{0};
  SharedBytes assignment;
  JoinDone join;  // parked until the next generation
  SyncDone sync;  // parked until the assignment
  runtime::TimerId session;
};

}  // namespace firth::broker
