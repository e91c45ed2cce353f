// What one shard has to tell the others. Messages are gathered per target while the turn runs, and each target gets one batch at its end
// (TurnStage::kMailboxes): one lock-free push and at most one wake-up per target and turn, however many messages there are. A batch is one
// job of the target's turn. What runs per published message gathers its bytes itself and posts one message a turn.
//
// Owner: the sending shard. Messages from one shard to one other arrive in their order; those to a shard that has stopped are destroyed.
#pragma once

#include <span>
#include <vector>

#include "base/ids.h"
#include "runtime/loop.h"

namespace firth::runtime {

class Mailbox final : public TurnEndHook {
 public:
  // `loops` by shard index, the own one among them; they outlive the mailbox.
  Mailbox(Loop& own, std::vector<Loop*> loops);

  void post(ShardIndex target, Job message);
  // For one that gathers what it has to tell itself: in a turn in which request_flush was called, `gatherer` runs before the messages go
  // out, and posts what it gathered. It outlives the mailbox's loop.
  void set_gatherer(TurnEndHook& gatherer) { gatherer_ = &gatherer; }
  void request_flush() { own_.request_turn_end(TurnStage::kMailboxes); }
  void on_turn_end() override;

 private:
  Loop& own_;
  const std::vector<Loop*> loops_;
  TurnEndHook* gatherer_ = nullptr;
  std::vector<std::vector<Job>> waiting_;  // by target
  std::vector<std::uint32_t> touched_;     // targets that have some
};

}  // namespace firth::runtime
