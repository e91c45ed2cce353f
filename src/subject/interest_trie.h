// The interest trie: which subscriptions want a subject. One trie per account and shard; every shard holds the same subscriptions because
// each applies the same changes, in the order in which they were posted to it. So reading takes no lock and no atomic.
//
//   orders.*.created   root -- orders -- * -- created {17}         A node is one token of a filter, 64 bytes, one cache line.
//   orders.>           root -- orders -- > {4; workers: 5, 6}      Edges to literal tokens are one hash table for the whole trie,
//                                                                  (parent, token) -> node; '*' and '>' are fields of the parent.
//
// A million subscriptions to distinct subjects take about 100 bytes each, their text included (bench/micro/subject_trie.cc).
// Owner: one shard.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "subject/interest.h"
#include "subject/short_text.h"

namespace firth::subject {

class InterestTrie {
 public:
  // `seed` should be random: subjects come from clients (hash.h).
  explicit InterestTrie(std::uint64_t seed);
  ~InterestTrie();
  InterestTrie(const InterestTrie&) = delete;
  InterestTrie& operator=(const InterestTrie&) = delete;

  // A subscription is (filter, queue, subscriber); queue "" means none. REQUIRES: the filter is valid and the subscription is not there.
  void insert(std::string_view filter, std::string_view queue, SubscriberId subscriber);
  // False: it was not there. Costs a walk down the filter and a scan of its receivers.
  bool remove(std::string_view filter, std::string_view queue, SubscriberId subscriber);

  // Everyone who wants `subject`; its own wildcards are ordinary tokens. Valid until the next change of the trie or use of the buffer.
  Interest match(std::string_view subject, InterestBuffer& buffer) const;
  // False: no subject that `filter` takes has a receiver that is `wanted`. True: perhaps one has; literal tokens below a wildcard are not
  // looked at one by one. Costs a walk down the filter, however many subscriptions there are.
  bool may_reach(std::string_view filter, bool (*wanted)(SubscriberId)) const;

  std::size_t size() const { return size_; }
  std::size_t node_count() const { return node_count_; }
  // What the trie holds, in bytes, slack of its tables included.
  std::size_t memory_bytes() const;
  std::string_view queue_name(QueueId queue) const { return queues_.at(queue.value()).name; }

  // Changes with every insert and remove.
  std::uint64_t generation() const { return generation_; }
  // Changes with every change that can concern a subject of this region: subjects fall into regions by their first token, so that new
  // inboxes do not make answers about other subjects stale.
  std::uint64_t generation(std::uint32_t region) const { return wildcard_changes_ + region_changes_[region]; }
  std::uint32_t region_of(std::string_view subject) const;

  static constexpr std::uint32_t kRegions = 256;

 private:
  using NodeIndex = std::uint32_t;
  static constexpr NodeIndex kNoNode = 0;  // the root is nobody's child
  static constexpr NodeIndex kRoot = 0;

  struct QueueMembers {
    QueueId queue;
    SubscriberSet members;
  };
  struct Node {
    ShortText token;
    SubscriberSet plain;
    std::unique_ptr<std::vector<QueueMembers>> queues;
    NodeIndex parent = kNoNode;  // of a free node: the next free one
    NodeIndex any_token = kNoNode;
    NodeIndex any_rest = kNoNode;
    std::uint32_t literal_children = 0;

    bool has_receivers() const { return !plain.empty() || queues != nullptr; }
    bool is_needed() const { return has_receivers() || any_token != kNoNode || any_rest != kNoNode || literal_children != 0; }
  };
  static_assert(sizeof(Node) <= 64);

  struct Edge {
    std::uint32_t tag = 0;
    NodeIndex node = kNoNode;  // kNoNode: free
  };
  struct Queue {
    std::string name;
    std::size_t subscriptions = 0;
  };

  static constexpr std::size_t kNodesPerChunk = 256;
  Node& node(NodeIndex index) { return chunks_[index / kNodesPerChunk][index % kNodesPerChunk]; }
  const Node& node(NodeIndex index) const { return chunks_[index / kNodesPerChunk][index % kNodesPerChunk]; }
  NodeIndex allocate_node(NodeIndex parent, std::string_view token);
  void release_node(NodeIndex index);

  std::uint32_t edge_tag(NodeIndex parent, std::string_view token) const;
  std::size_t find_edge(NodeIndex parent, std::string_view token) const;
  NodeIndex find_child(NodeIndex parent, std::string_view token) const;
  void add_edge(NodeIndex parent, NodeIndex child);
  void remove_edge(NodeIndex parent, std::string_view token);
  void grow_edges();

  NodeIndex descend(std::string_view filter) const;
  NodeIndex descend_or_create(std::string_view filter);
  void prune(NodeIndex index);

  void add_queue_member(Node& at, std::string_view queue, SubscriberId subscriber);
  bool remove_queue_member(Node& at, std::string_view queue, SubscriberId subscriber);
  void note_change(std::string_view filter);

  void collect(const Node& from, InterestBuffer& buffer) const;
  void match_below(NodeIndex index, std::string_view subject, InterestBuffer& buffer) const;
  using Wanted = bool (*)(SubscriberId);
  static bool has_wanted(const Node& at, Wanted wanted);
  bool may_reach_from(NodeIndex index, std::string_view filter, Wanted wanted) const;
  bool may_reach_below(NodeIndex index, Wanted wanted) const;

  std::uint64_t seed_;
  std::vector<std::unique_ptr<Node[]>> chunks_;
  NodeIndex next_unused_ = 0;
  NodeIndex first_free_ = kNoNode;
  std::size_t node_count_ = 0;
  std::vector<Edge> edges_;
  std::size_t edge_count_ = 0;

  std::vector<Queue> queues_;
  std::unordered_map<std::string, QueueId> queue_ids_;
  std::vector<QueueId> free_queue_ids_;

  std::size_t size_ = 0;
  std::uint64_t generation_ = 0;
  std::uint64_t wildcard_changes_ = 0;
  std::array<std::uint64_t, kRegions> region_changes_{};
};

}  // namespace firth::subject
