// The router: from a published message to everyone who wants it. One per shard; each knows the subscriptions of all shards.
//
//   publish --> match once --> subscribers of this shard, called directly
//                          \-> ids on other shards: one RouterBatch per shard and turn, applied there in order
//
// A subscription counts on its own shard at once, elsewhere when the batch arrives; when_settled says when that is. No lock, and on the
// local path no allocation per message.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "broker/queue_pick.h"
#include "broker/router_batch.h"
#include "broker/subscriber.h"
#include "runtime/shard.h"
#include "subject/match_cache.h"
#include "subject/short_text.h"

namespace firth::broker {

struct Routed {
  std::size_t receivers = 0;  // 0: no responders
  Pressure pressure = Pressure::kNone;
};

class Router final : public runtime::TurnEndHook {
 public:
  // While more than that is under way to another shard, publishing to it reports pressure.
  static constexpr std::size_t kMaxBytesUnderWay = 8u << 20;
  static constexpr std::uint32_t kMaxShards = 1024;

  // `seed` should be random: subjects come from clients.
  Router(runtime::Shard& shard, std::uint64_t seed);
  ~Router() override;

  // All routers by shard index, this one among them; before the shards start. They live until all loops have stopped.
  void connect(std::span<Router* const> routers);

  // The filter must be valid; queue "" is none. `tag` comes back with each message. The subscriber unsubscribes before it goes.
  subject::SubscriberId subscribe(AccountId account, Subscriber& subscriber, std::uint64_t tag, std::string_view filter,
                                  std::string_view queue = {});
  // REQUIRES: subscribed here, and not unsubscribed since.
  void unsubscribe(subject::SubscriberId id);

  // Delivers to everyone but `except` (null: no exception). Of each queue group one random member gets it.
  Routed publish(AccountId account, const Message& message, const Subscriber* except = nullptr) {
    return publish_as(account, message.subject, message, except);
  }
  // To the subscribers of `to`, who see the message's own subject: what a consumer delivers.
  Routed publish_as(AccountId account, std::string_view to, const Message& message, const Subscriber* except = nullptr) {
    return route(account, to, message, {.except = except, .audience = Audience::kAll});
  }
  // To clients' connections only: no part of the server gets it.
  Routed publish_to_clients(AccountId account, const Message& message) {
    return route(account, message.subject, message, {.except = nullptr, .audience = Audience::kClients});
  }
  // Somebody is subscribed to the subject, as far as this shard knows.
  bool has_interest(AccountId account_id, std::string_view subject) { return !account(account_id).cache.find(subject).empty(); }
  // False: no client is subscribed to a subject that the filter takes, as far as this shard knows. True: perhaps one is.
  bool may_reach_clients(AccountId account_id, std::string_view filter);
  // Delivers to the first plain subscription that `only` has; false: it has none.
  bool publish_to(AccountId account, const Message& message, const Subscriber& only);

  // Nothing that this shard told another one is still under way.
  bool settled() const;
  // Runs the job on this shard once everything told so far has arrived: every shard knows the subscriptions, and messages have been
  // handed to their subscribers.
  void when_settled(runtime::Job job);
  runtime::Task<> settle();  // resumes then

  std::size_t subscription_count() const { return local_count_; }
  void on_turn_end() override { send_batches(); }

 private:
  struct Account {
    explicit Account(std::uint64_t seed) : trie(seed), cache(trie, seed + 1) {}
    subject::InterestTrie trie;
    subject::MatchCache cache;
  };
  // A subscription of this shard. Its id names shard, slot and generation: an id that outlives its subscription finds nothing. It also says
  // whether a client is behind it, so that every shard knows.
  struct Slot {
    Subscriber* subscriber = nullptr;  // null: free
    std::uint64_t tag = 0;
    subject::ShortText filter, queue;
    AccountId account;
    std::uint32_t generation = 0;
    std::uint32_t next_free = 0;
  };
  enum class Audience : std::uint8_t { kAll, kClients };
  struct Choice {
    const Subscriber* except;
    Audience audience;
  };
  struct Target {
    Router* router = nullptr;
    std::unique_ptr<RouterBatch> batch;         // of this turn
    std::vector<subject::SubscriberId> chosen;  // of the message under way
    alignas(64) std::atomic<std::size_t> bytes_under_way{0};
    std::atomic<Pressure> pressure{Pressure::kNone};  // of the receivers of the last batch
  };

  static constexpr std::size_t kSlotsPerChunk = 1024;
  Slot& slot(std::uint32_t index) { return chunks_[index / kSlotsPerChunk][index % kSlotsPerChunk]; }
  Slot* find(subject::SubscriberId id);
  std::uint32_t take_slot();
  bool is_local(subject::SubscriberId id) const;
  subject::SubscriberId id_of(std::uint32_t index);
  bool may_get(subject::SubscriberId id, const Choice& choice);
  Account& account(AccountId id);

  Routed route(AccountId account, std::string_view to, const Message& message, Choice choice);
  void choose(const subject::Interest& interest, const Choice& choice);
  void choose_member(std::span<const subject::SubscriberId> members, const Choice& choice);
  void add_chosen(subject::SubscriberId id);
  void send_chosen(const Message& message, Routed& routed);

  RouterBatch& batch_for(std::uint32_t target);
  void tell_all(RouterBatch::Kind kind, AccountId account, std::string_view filter, std::string_view queue, subject::SubscriberId id);
  void send_batches();
  Pressure apply(const RouterBatch& batch);

  runtime::Shard& shard_;
  const std::uint64_t seed_;
  std::vector<std::unique_ptr<Account>> accounts_;  // by id; null: nobody subscribed yet
  std::vector<std::unique_ptr<Slot[]>> chunks_;
  std::uint32_t slot_count_ = 0;
  std::uint32_t first_free_ = 0;
  std::size_t local_count_ = 0;
  QueuePick pick_;

  std::vector<subject::SubscriberId> chosen_;  // of this shard: a stack, for a subscriber may publish while it is delivered to
  std::vector<Target> targets_;                // by shard
  std::vector<std::uint32_t> touched_;         // targets whose `chosen` is not empty
  std::vector<std::uint32_t> batched_;         // targets that have a batch
};

}  // namespace firth::broker
