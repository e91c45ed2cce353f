// One classic group: who its members are, which generation they form, and what the leader assigned to each.
//
//             first join                     all joined, or time is up              the leader's assignment is stored
//   Empty ----------------> PreparingRebalance ----------------> CompletingRebalance ----------------> Stable
//     ^                       |           ^                         |                                    |
//     '-- nobody joined ------'           '--- a member joins, leaves, is lost or changes what it speaks -'
//
// The first generation of an empty group waits initial_rebalance_delay, and again for each newcomer, up to the rebalance timeout. Later
// ones wait until every known member has joined, at most for the largest rebalance timeout; who has not by then is dropped, but for
// static members, which stay until their session ends. Who got a generation has to sync within the same time.
//
// What waits is parked here as a callback. Callbacks run as jobs of the loop, never inside a call, so they may call back. Each runs once.
//
// Shard: the group's home. Time is the loop's: a simulation runs it in virtual time.
#pragma once

#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "broker/group_member.h"
#include "broker/group_records.h"
#include "runtime/random.h"

namespace firth::broker {

enum class GroupState : std::uint8_t { kEmpty, kPreparingRebalance, kCompletingRebalance, kStable, kDead };
std::string_view to_string(GroupState state);  // "Empty", as tools show it

struct GroupSettings {
  std::chrono::milliseconds initial_rebalance_delay{3000};
  std::chrono::milliseconds min_session_timeout{6000};
  std::chrono::milliseconds max_session_timeout{1'800'000};
  std::size_t max_members = std::numeric_limits<std::int32_t>::max();
  std::size_t max_offset_metadata_bytes = 4096;
  std::chrono::milliseconds offsets_retention = std::chrono::days(7);
  std::chrono::milliseconds offsets_check_interval = std::chrono::minutes(10);
};

// Where a group's metadata is made durable.
class GroupStore {
 public:
  virtual ~GroupStore() = default;
  // Answers by GroupCoordinator::stored with the id that it returned, later, not within the call.
  virtual std::uint64_t store(const GroupMetadata& metadata) = 0;
  // The group's last trace may have gone (is_unused); it must not be destroyed within the call.
  virtual void may_be_unused() = 0;
};

struct DescribedMember {
  std::string id;
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string client_host;
  SharedBytes metadata;  // of the generation's protocol; empty unless the group is stable
  SharedBytes assignment;
};
struct GroupDescription {
  GroupState state = GroupState::kDead;
  std::string protocol_type;
  std::string protocol;
  std::vector<DescribedMember> members;
};

class GroupCoordinator {
 public:
  struct Surroundings {
    runtime::Loop& loop;
    runtime::Random& random;
    const GroupSettings& settings;
    GroupStore& store;
  };

  explicit GroupCoordinator(Surroundings surroundings) : around_(surroundings) {}
  ~GroupCoordinator();
  GroupCoordinator(const GroupCoordinator&) = delete;
  GroupCoordinator& operator=(const GroupCoordinator&) = delete;

  // As a restart finds it: the sessions of its members begin anew. Before any other call.
  void restore(const GroupMetadata& metadata);

  void join(JoinRequest request, JoinDone done);
  void sync(SyncRequest request, SyncDone done);
  // kRebalancing: join again.
  GroupFault heartbeat(const MemberRef& member);
  // One answer for each. A static member may be named by its instance id alone.
  struct Leaving {
    std::string member_id;
    std::optional<std::string> instance_id;
  };
  std::vector<GroupFault> leave(const std::vector<Leaving>& members);
  // Whether this member may commit offsets now. Without member and generation: only while nobody is in the group.
  GroupFault check_commit(const MemberRef& member);

  // What was stored under that id is durable, or never will be.
  void stored(std::uint64_t store_id, bool durable);
  // Dead from now on; all that is parked is answered with the fault.
  void end(GroupFault fault);

  GroupState state() const { return state_; }
  std::int32_t generation() const { return generation_; }
  const std::string& protocol_type() const { return protocol_type_; }
  std::size_t member_count() const { return members_.size(); }
  // Nobody was ever in it, nobody is about to be: it need not be kept.
  bool is_unused() const { return state_ == GroupState::kEmpty && generation_ == 0 && pending_.empty(); }
  GroupDescription describe() const;

 private:
  using Members = std::map<std::string, GroupMember>;

  // group_join.cc: who comes.
  void join_new(JoinRequest request, JoinDone done);
  void join_known(JoinRequest request, JoinDone done);
  void add(std::string member_id, JoinRequest request, JoinDone done);
  void update(GroupMember& member, JoinRequest request, JoinDone done);
  void replace_static(const std::string& old_id, JoinRequest request, JoinDone done);
  void answer_replaced(std::string member_id, std::string leader, SkipAssignment skip);
  bool has_room_for(const std::string& member_id) const;
  bool speaks(const JoinRequest& request) const;
  std::string new_member_id(const JoinRequest& request) const;
  JoinAnswer current_generation(const std::string& member_id) const;
  std::vector<JoinedMember> joined_members() const;

  // group_rebalance.cc: how a generation comes about.
  void rebalance();
  void prepare_rebalance();
  void extend_initial_delay(std::chrono::milliseconds left);
  void complete_join_if_all_joined();
  void complete_join();
  bool elect_leader();
  std::string vote() const;
  void expire_unsynced();
  void finish_sync(std::int32_t generation, const std::vector<MemberAssignment>& assignments, bool durable);
  void fail_syncs(GroupFault fault);
  void set_rebalance_timer(std::chrono::milliseconds after, runtime::Job job);
  std::chrono::milliseconds largest_rebalance_timeout() const;

  // group_coordinator.cc: sessions, checks, leaving.
  GroupFault check_member(const std::string& member_id, const std::optional<std::string>& instance_id) const;
  GroupFault check(const MemberRef& member) const;
  GroupFault leave_one(const Leaving& leaving);
  void start_session(GroupMember& member, std::chrono::milliseconds timeout);
  void expire_session(const std::string& member_id);
  void start_pending(const std::string& member_id, std::chrono::milliseconds timeout);
  bool drop_pending(const std::string& member_id);
  void remove(const std::string& member_id, GroupFault told);
  void after_removal();
  void answer(JoinDone& done, JoinAnswer answer);
  void answer(SyncDone& done, SyncAnswer answer);
  GroupMetadata metadata() const;
  SharedBytes metadata_of(const GroupMember& member) const;  // for the generation's protocol
  void store_metadata(const std::vector<MemberAssignment>* assignments, std::move_only_function<void(bool)> stored);

  Surroundings around_;

  GroupState state_ = GroupState::kEmpty;
  std::int32_t generation_ = 0;
  std::string protocol_type_;
  std::optional<std::string> protocol_;
  std::optional<std::string> leader_;
  std::int64_t state_time_ms_ = -1;
  Members members_;
  std::map<std::string, std::string> instances_;     // instance id -> member id
  std::map<std::string, runtime::TimerId> pending_;  // ids that were given and have not joined
  std::set<std::string> unsynced_;                   // members of the generation that have not asked for their assignment
  std::map<std::uint64_t, std::move_only_function<void(bool)>> storing_;

  runtime::TimerId rebalance_timer_;  // ends the join phase, or the time to sync
  bool initial_delay_ = false;        // in the join phase of an empty group
  bool newcomer_ = false;             // someone joined within this initial delay
};

}  // namespace firth::broker
