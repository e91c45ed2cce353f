// One group's coordinator on a simulated loop: members join and sync, time passes, answers are kept.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/group_coordinator.h"
#include "tests/sim/world.h"

namespace firth::broker::test {

using namespace std::chrono_literals;

inline SharedBytes bytes_of(std::string_view text) { return SharedBytes::copy(as_bytes(text)); }

class GroupWorld : public GroupStore {
 public:
  using Joined = std::shared_ptr<std::optional<JoinAnswer>>;
  using Synced = std::shared_ptr<std::optional<SyncAnswer>>;

  explicit GroupWorld(std::uint64_t seed = 1, GroupSettings group_settings = {})
      : world(seed), loop(world.loop("shard0")), settings(group_settings) {
    coordinator.emplace(surroundings());
  }
  GroupCoordinator::Surroundings surroundings() { return {.loop = loop, .random = world.random(), .settings = settings, .store = *this}; }

  // Runs the call as a job of the loop, and what follows from it at once.
  template <class Call>
  auto at(Call call) {
    std::optional<decltype(call())> result;
    loop.post([&] { result.emplace(call()); });
    world.run_until_idle();
    return std::move(*result);
  }

  static JoinRequest request(std::string member_id = "", std::vector<std::string> protocols = {"range"}) {
    JoinRequest join;
    join.member_id = std::move(member_id);
    join.client_id = "client";
    join.client_host = "/127.0.0.1";
    join.protocol_type = "consumer";
    for (const std::string& name : protocols) join.protocols.push_back({.name = name, .metadata = bytes_of("metadata of " + name)});
    join.session_timeout = 10s;
    join.rebalance_timeout = 30s;
    return join;
  }
  static JoinRequest static_request(std::string instance, std::string member_id = "") {
    JoinRequest join = request(std::move(member_id));
    join.instance_id = std::move(instance);
    return join;
  }

  Joined join(JoinRequest join_request) {
    auto answer = std::make_shared<std::optional<JoinAnswer>>();
    loop.post([this, answer, wanted = std::move(join_request)]() mutable {
      coordinator->join(std::move(wanted), [answer](JoinAnswer given) { answer->emplace(std::move(given)); });
    });
    world.run_until_idle();
    return answer;
  }
  Synced sync(SyncRequest sync_request) {
    auto answer = std::make_shared<std::optional<SyncAnswer>>();
    loop.post([this, answer, wanted = std::move(sync_request)]() mutable {
      coordinator->sync(std::move(wanted), [answer](SyncAnswer given) { answer->emplace(std::move(given)); });
    });
    world.run_until_idle();
    return answer;
  }
  GroupFault heartbeat(MemberRef member) {
    return at([&] { return coordinator->heartbeat(member); });
  }
  GroupFault commit(MemberRef member) {
    return at([&] { return coordinator->check_commit(member); });
  }
  GroupFault leave(std::string member_id, std::optional<std::string> instance = std::nullopt) {
    return at([&] { return coordinator->leave({{.member_id = member_id, .instance_id = instance}}).front(); });
  }

  // Asks for an id first, as clients do.
  std::string new_id(std::vector<std::string> protocols = {"range"}) { return (*join(request("", std::move(protocols))))->member_id; }
  // Brings a group of n to Stable; returns the leader's answer first.
  std::vector<JoinAnswer> stable_group(std::size_t n) {
    std::vector<Joined> joined;
    for (std::size_t i = 0; i < n; ++i) joined.push_back(join(request(new_id())));
    world.run_for(settings.initial_rebalance_delay * static_cast<int>(n + 1));
    return synced(joined);
  }
  std::vector<JoinAnswer> synced(const std::vector<Joined>& joined) {
    std::vector<JoinAnswer> answers;
    for (const Joined& answer : joined) answers.insert(leads(**answer) ? answers.begin() : answers.end(), **answer);
    for (const JoinAnswer& answer : answers) {
      SyncRequest request;
      request.member = ref(answer);
      if (leads(answer))
        for (const JoinedMember& member : answer.members)
          request.assignments.push_back({.member_id = member.id, .assignment = bytes_of("for " + member.id)});
      sync(std::move(request));
    }
    return answers;
  }
  static bool leads(const JoinAnswer& answer) { return answer.leader == answer.member_id; }
  static MemberRef ref(const JoinAnswer& answer) {
    return {.member_id = answer.member_id, .instance_id = std::nullopt, .generation = answer.generation};
  }
  static MemberRef static_ref(const JoinAnswer& answer, std::string instance) {
    return {.member_id = answer.member_id, .instance_id = std::move(instance), .generation = answer.generation};
  }

  std::uint64_t store(const GroupMetadata& metadata) override {
    last_stored = metadata;
    const std::uint64_t id = ++stores;
    if (stores_succeed) loop.post([this, id, ok = *stores_succeed] { coordinator->stored(id, ok); });
    return id;
  }
  void may_be_unused() override { ++unused_calls; }

  sim::World world;
  sim::Loop& loop;
  GroupSettings settings;
  std::optional<bool> stores_succeed = true;  // nothing: no answer
  std::uint64_t stores = 0;
  int unused_calls = 0;
  std::optional<GroupMetadata> last_stored;
  std::optional<GroupCoordinator> coordinator;
};

}  // namespace firth::broker::test
