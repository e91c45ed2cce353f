#include "broker/router.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "runtime/completion.h"

namespace firth::broker {

using subject::SubscriberId;

namespace {

// A subscriber id:   | shard 10 | generation 22 | a client's 1 | slot 31 |
constexpr int kGenerationBits = 22;
constexpr std::uint32_t kClientBit = 1u << 31;
constexpr std::uint32_t kGenerationMask = (1u << kGenerationBits) - 1;
constexpr std::uint32_t kNoSlot = UINT32_MAX;
static_assert(Router::kMaxShards <= 1u << (32 - kGenerationBits));

std::uint32_t shard_of(SubscriberId id) { return static_cast<std::uint32_t>(id.value() >> (32 + kGenerationBits)); }
std::uint32_t generation_of(SubscriberId id) { return static_cast<std::uint32_t>(id.value() >> 32) & kGenerationMask; }
std::uint32_t slot_of(SubscriberId id) { return static_cast<std::uint32_t>(id.value()) & ~kClientBit; }
bool is_client(SubscriberId id) { return (static_cast<std::uint32_t>(id.value()) & kClientBit) != 0; }

}  // namespace

Router::Router(runtime::Shard& shard, std::uint64_t seed) : shard_(shard), seed_(seed), first_free_(kNoSlot), pick_(seed) {
  FIRTH_ASSERT(shard.index.value() < kMaxShards);
  shard_.mailbox.set_gatherer(*this);
}

Router::~Router() = default;

void Router::connect(std::span<Router* const> routers) {
  targets_ = std::vector<Target>(routers.size());
  for (std::size_t i = 0; i < routers.size(); ++i) targets_[i].router = routers[i];
  FIRTH_ASSERT(targets_.at(shard_.index.value()).router == this);
}

bool Router::is_local(SubscriberId id) const { return shard_of(id) == shard_.index.value(); }

SubscriberId Router::id_of(std::uint32_t index) {
  const std::uint64_t high = std::uint64_t{shard_.index.value()} << kGenerationBits | slot(index).generation;
  return SubscriberId(high << 32 | index | (slot(index).subscriber->is_client() ? kClientBit : 0));
}

Router::Slot* Router::find(SubscriberId id) {
  FIRTH_DASSERT(is_local(id) && slot_of(id) < slot_count_);
  Slot& found = slot(slot_of(id));
  return found.subscriber != nullptr && found.generation == generation_of(id) ? &found : nullptr;
}

std::uint32_t Router::take_slot() {
  if (first_free_ != kNoSlot) return std::exchange(first_free_, slot(first_free_).next_free);
  if (slot_count_ % kSlotsPerChunk == 0) chunks_.push_back(std::make_unique<Slot[]>(kSlotsPerChunk));
  FIRTH_ASSERT(slot_count_ < kClientBit);
  return slot_count_++;
}

Router::Account& Router::account(AccountId id) {
  if (id.value() >= accounts_.size()) accounts_.resize(id.value() + 1);
  auto& found = accounts_[id.value()];
  if (!found) found = std::make_unique<Account>(seed_ + 2 * std::uint64_t{id.value()});
  return *found;
}

SubscriberId Router::subscribe(AccountId account_id, Subscriber& subscriber, std::uint64_t tag, std::string_view filter,
                               std::string_view queue) {
  const std::uint32_t index = take_slot();
  Slot& taken = slot(index);
  taken.subscriber = &subscriber;
  taken.tag = tag;
  taken.filter = subject::ShortText(filter);
  taken.queue = subject::ShortText(queue);
  taken.account = account_id;
  const SubscriberId id = id_of(index);
  account(account_id).trie.insert(filter, queue, id);
  ++local_count_;
  tell_all(RouterBatch::Kind::kSubscribe, account_id, filter, queue, id);
  return id;
}

void Router::unsubscribe(SubscriberId id) {
  Slot* const found = find(id);
  FIRTH_ASSERT(found != nullptr);
  FIRTH_ASSERT(account(found->account).trie.remove(found->filter.view(), found->queue.view(), id));
  tell_all(RouterBatch::Kind::kUnsubscribe, found->account, found->filter.view(), found->queue.view(), id);
  found->subscriber = nullptr;
  found->filter = {};
  found->queue = {};
  found->generation = (found->generation + 1) & kGenerationMask;
  found->next_free = std::exchange(first_free_, slot_of(id));
  --local_count_;
}

Routed Router::route(AccountId account_id, std::string_view to, const Message& message, Choice choice) {
  const subject::Interest interest = account(account_id).cache.find(to);
  Routed routed;
  if (interest.empty()) return routed;
  // Most messages have one receiver, on this shard: nothing is chosen, and nothing has to last while it is called.
  if (interest.receivers.size() == 1 && interest.groups.empty() && is_local(interest.receivers.front())) {
    const SubscriberId id = interest.receivers.front();
    if (!may_get(id, choice)) return routed;
    const Slot& only = slot(slot_of(id));
    FIRTH_DASSERT(only.subscriber != nullptr);
    return {1, only.subscriber->deliver(message, only.tag)};
  }
  // From here on subscribers may change everything: what was chosen is looked up again before it is called.
  const std::size_t first = chosen_.size();
  choose(interest, choice);
  if (!touched_.empty()) send_chosen(message, routed);
  const std::size_t end = chosen_.size();
  for (std::size_t i = first; i < end; ++i) {
    const Slot* const receiver = find(chosen_[i]);
    if (receiver == nullptr) continue;
    ++routed.receivers;
    if (receiver->subscriber->deliver(message, receiver->tag) == Pressure::kHigh) routed.pressure = Pressure::kHigh;
  }
  chosen_.resize(first);
  return routed;
}

bool Router::publish_to(AccountId account_id, const Message& message, const Subscriber& only) {
  for (const SubscriberId id : account(account_id).cache.find(message.subject).plain()) {
    const Slot* const receiver = is_local(id) ? find(id) : nullptr;
    if (receiver == nullptr || receiver->subscriber != &only) continue;
    receiver->subscriber->deliver(message, receiver->tag);
    return true;
  }
  return false;
}

bool Router::may_reach_clients(AccountId account_id, std::string_view filter) {
  return account(account_id).trie.may_reach(filter, is_client);
}

bool Router::may_get(SubscriberId id, const Choice& choice) {
  if (choice.audience == Audience::kClients && !is_client(id)) return false;
  return choice.except == nullptr || !is_local(id) || slot(slot_of(id)).subscriber != choice.except;
}

void Router::choose(const subject::Interest& interest, const Choice& choice) {
  for (const SubscriberId id : interest.plain())
    if (may_get(id, choice)) add_chosen(id);
  for (const subject::QueueGroup& group : interest.groups) choose_member(interest.members(group), choice);
}

void Router::add_chosen(SubscriberId id) {
  if (is_local(id)) {
    chosen_.push_back(id);
    return;
  }
  Target& target = targets_[shard_of(id)];
  if (target.chosen.empty()) touched_.push_back(shard_of(id));
  target.chosen.push_back(id);
}

// Every member is as likely, whatever its shard: clients see one server. The publisher itself is passed over if it wants no echo.
void Router::choose_member(std::span<const SubscriberId> members, const Choice& choice) {
  const SubscriberId picked = members[pick_.below(members.size())];
  if (may_get(picked, choice)) return add_chosen(picked);
  const auto may_get_it = [&](SubscriberId id) { return may_get(id, choice); };
  const auto eligible = static_cast<std::size_t>(std::ranges::count_if(members, may_get_it));
  if (eligible == 0) return;
  std::size_t skip = pick_.below(eligible);
  for (const SubscriberId id : members)
    if (may_get_it(id) && skip-- == 0) return add_chosen(id);
}

void Router::send_chosen(const Message& message, Routed& routed) {
  for (const std::uint32_t index : touched_) {
    Target& target = targets_[index];
    RouterBatch& batch = batch_for(index);
    batch.add_delivery(message, target.chosen);
    routed.receivers += target.chosen.size();
    target.chosen.clear();
    const bool is_behind = target.bytes_under_way.load(std::memory_order_relaxed) + batch.size() > kMaxBytesUnderWay;
    if (is_behind || target.pressure.load(std::memory_order_relaxed) == Pressure::kHigh) routed.pressure = Pressure::kHigh;
  }
  touched_.clear();
}

RouterBatch& Router::batch_for(std::uint32_t target) {
  auto& batch = targets_[target].batch;
  if (!batch) {
    batch = std::make_unique<RouterBatch>();
    batched_.push_back(target);
    shard_.mailbox.request_flush();
  }
  return *batch;
}

void Router::tell_all(RouterBatch::Kind kind, AccountId account_id, std::string_view filter, std::string_view queue, SubscriberId id) {
  for (std::uint32_t target = 0; target < targets_.size(); ++target)
    if (target != shard_.index.value()) batch_for(target).add_change(kind, account_id, filter, queue, id);
}

void Router::send_batches() {
  for (const std::uint32_t index : batched_) {
    Target& target = targets_[index];
    const std::size_t size = target.batch->size();
    target.bytes_under_way.fetch_add(size, std::memory_order_relaxed);
    shard_.counters.add(Counter::kRemoteBatches);
    shard_.mailbox.post(ShardIndex(index), [&target, size, batch = std::move(target.batch)] {
      target.pressure.store(target.router->apply(*batch), std::memory_order_relaxed);
      target.bytes_under_way.fetch_sub(size, std::memory_order_release);
    });
  }
  batched_.clear();
}

Pressure Router::apply(const RouterBatch& batch) {
  Pressure pressure = Pressure::kNone;
  for (RouterBatchReader reader(batch); reader.next();) {
    if (reader.kind() == RouterBatch::Kind::kSubscribe) {
      account(reader.account()).trie.insert(reader.filter(), reader.queue(), reader.id(0));
    } else if (reader.kind() == RouterBatch::Kind::kUnsubscribe) {
      FIRTH_ASSERT(account(reader.account()).trie.remove(reader.filter(), reader.queue(), reader.id(0)));
    } else {
      // Who unsubscribed while the message was under way is not there any more: that is all that it means.
      for (std::uint32_t i = 0; i < reader.id_count(); ++i) {
        const Slot* const receiver = find(reader.id(i));
        if (receiver != nullptr && receiver->subscriber->deliver(reader.message(), receiver->tag) == Pressure::kHigh)
          pressure = Pressure::kHigh;
      }
    }
  }
  return pressure;
}

bool Router::settled() const {
  return batched_.empty() &&
         std::ranges::all_of(targets_, [](const Target& target) { return target.bytes_under_way.load(std::memory_order_acquire) == 0; });
}

// A message to each shard that is behind, in the mailbox behind the batches, and one back.
void Router::when_settled(runtime::Job job) {
  send_batches();
  struct Wait {
    std::size_t missing = 0;
    runtime::Job job;
  };
  auto wait = std::make_shared<Wait>();
  wait->job = std::move(job);
  for (std::uint32_t index = 0; index < targets_.size(); ++index) {
    Target& target = targets_[index];
    if (target.bytes_under_way.load(std::memory_order_acquire) == 0) continue;
    ++wait->missing;
    shard_.mailbox.post(ShardIndex(index), [own = shard_.index, peer = target.router, wait] {
      peer->shard_.mailbox.post(own, [wait] {
        if (--wait->missing == 0) wait->job();
      });
    });
  }
  if (wait->missing == 0) wait->job();
}

runtime::Task<> Router::settle() {
  runtime::Completion<> done;
  when_settled([fulfil = done.fulfiller()]() mutable { fulfil(Result<void>()); });
  (void)(co_await done).ok();
}

}  // namespace firth::broker
