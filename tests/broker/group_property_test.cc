// Random members that join, sync, beat, leave, come back and go silent, against the rules that hold whatever they do.
#include <gtest/gtest.h>

#include <map>

#include "tests/broker/group_world.h"

namespace firth::broker {
namespace {

using namespace test;

constexpr auto kLongestWait = 3s * 11 + 30s + 30s;  // initial delays up to the rebalance timeout; a rebalance; static members in between

// Every answer of a generation that was seen: what it must agree on.
struct Generation {
  std::string protocol;
  std::string leader;
};

struct Client {
  std::string id;
  std::int32_t generation = -1;
  bool leads = false;
  std::vector<JoinedMember> members;
  GroupWorld::Joined joining;
  GroupWorld::Synced syncing;
  runtime::MonotonicTime since;
  std::optional<std::string> instance;
};

class Crowd {
 public:
  explicit Crowd(std::uint64_t seed) : world_(seed), random_(world_.world.random()), clients_(2 + random_.below(5)) {
    for (std::size_t i = 0; i < clients_.size(); ++i)
      if (random_.below(3) == 0) clients_[i].instance = "instance-" + std::to_string(i);
  }

  void step() {
    Client& client = clients_[random_.below(clients_.size())];
    switch (random_.below(8)) {
      case 0:
      case 1:
      case 2:
        if (client.joining == nullptr) join(client);
        break;
      case 3:
      case 4:
        if (client.joining == nullptr && client.syncing == nullptr && client.generation > 0) sync(client);
        break;
      case 5:
        if (client.generation > 0) world_.heartbeat(ref(client));
        break;
      case 6:
        if (random_.below(4) == 0) leave(client);
        break;
      default:
        world_.world.run_for(std::chrono::milliseconds(random_.below(6000)));
    }
    collect();
  }

  // Everybody falls silent: nothing may stay parked, and the group ends empty.
  void end() {
    for (int i = 0; i < 30; ++i) {
      world_.world.run_for(30s);
      collect();
    }
    for (const Client& client : clients_) EXPECT_TRUE(client.joining == nullptr && client.syncing == nullptr);
    EXPECT_EQ(world_.coordinator->member_count(), 0u);
    EXPECT_EQ(world_.coordinator->state(), GroupState::kEmpty);
  }
  std::size_t generations() const { return generations_.size(); }

 private:
  MemberRef ref(const Client& client) const {
    return {.member_id = client.id, .instance_id = client.instance, .generation = client.generation};
  }
  void join(Client& client) {
    // All speak "common", so that nobody is refused for it.
    JoinRequest request = GroupWorld::request(client.id, {random_.below(2) == 0 ? "a" : "b", "common"});
    request.instance_id = client.instance;
    client.since = world_.loop.now();
    client.syncing = nullptr;
    client.joining = world_.join(std::move(request));
  }
  void sync(Client& client) {
    SyncRequest request{.member = ref(client)};
    if (client.leads)
      for (const JoinedMember& member : client.members)
        request.assignments.push_back({.member_id = member.id, .assignment = bytes_of(std::to_string(client.generation) + member.id)});
    client.since = world_.loop.now();
    client.syncing = world_.sync(std::move(request));
  }
  void leave(Client& client) {
    world_.leave(client.id, client.instance);
    client.generation = -1;
    client.id.clear();
  }

  void collect() {
    EXPECT_GE(world_.coordinator->generation(), last_generation_) << "generations only grow";
    last_generation_ = world_.coordinator->generation();
    for (Client& client : clients_) {
      if (client.joining != nullptr && client.joining->has_value()) joined(client, **std::exchange(client.joining, nullptr));
      if (client.syncing != nullptr && client.syncing->has_value()) synced(client, **std::exchange(client.syncing, nullptr));
      if (client.joining != nullptr || client.syncing != nullptr) EXPECT_LE(world_.loop.now() - client.since, kLongestWait);
    }
  }
  void joined(Client& client, const JoinAnswer& answer) {
    client.generation = -1;
    if (answer.fault == GroupFault::kMemberIdRequired) {
      client.id = answer.member_id;
      return;
    }
    if (answer.fault != GroupFault::kNone) {
      if (answer.fault != GroupFault::kRebalancing) client.id.clear();
      return;
    }
    client.id = answer.member_id;
    client.generation = answer.generation;
    client.leads = GroupWorld::leads(answer);
    client.members = answer.members;
    EXPECT_TRUE(client.leads || answer.members.empty()) << "the leader alone is told";
    Generation& generation = generations_[answer.generation];
    if (generation.protocol.empty()) generation.protocol = *answer.protocol;
    EXPECT_EQ(generation.protocol, answer.protocol);
    // A static leader that came back has a new id.
    if (!client.instance && !answer.leader.starts_with("instance-")) {
      if (generation.leader.empty()) generation.leader = answer.leader;
      EXPECT_EQ(generation.leader, answer.leader);
    }
  }
  void synced(Client& client, const SyncAnswer& answer) {
    if (answer.fault == GroupFault::kNone) {
      if (!client.instance) {
        const std::string expected = std::to_string(client.generation) + client.id;
        EXPECT_TRUE(answer.assignment.empty() || as_text(answer.assignment.view()) == expected) << "of its own generation";
      }
    } else {
      client.generation = -1;
      if (answer.fault == GroupFault::kUnknownMember || answer.fault == GroupFault::kFencedInstance) client.id.clear();
    }
  }

  GroupWorld world_;
  sim::Random& random_;
  std::vector<Client> clients_;
  std::map<std::int32_t, Generation> generations_;
  std::int32_t last_generation_ = 0;
};

TEST(GroupProperty, RulesHoldWhateverMembersDo) {
  std::size_t generations = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    Crowd crowd(seed);
    for (int i = 0; i < 150; ++i) crowd.step();
    crowd.end();
    generations += crowd.generations();
    if (HasFailure()) break;
  }
  EXPECT_GT(generations, 200u) << "the members do come together";
}

}  // namespace
}  // namespace firth::broker
