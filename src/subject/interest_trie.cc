#include "subject/interest_trie.h"

#include <algorithm>

#include "base/assert.h"
#include "subject/hash.h"
#include "subject/syntax.h"

namespace firth::subject {

namespace {

constexpr std::size_t kFirstEdges = 64;

std::string_view first_token(std::string_view subject) { return subject.substr(0, subject.find(kSeparator)); }

}  // namespace

InterestTrie::InterestTrie(std::uint64_t seed) : seed_(seed), edges_(kFirstEdges) { allocate_node(kNoNode, {}); }

InterestTrie::~InterestTrie() = default;

void InterestTrie::insert(std::string_view filter, std::string_view queue, SubscriberId subscriber) {
  FIRTH_DASSERT(is_valid_filter(filter));
  Node& at = node(descend_or_create(filter));
  if (queue.empty()) {
    FIRTH_DASSERT(std::ranges::find(at.plain.view(), subscriber) == at.plain.view().end());
    at.plain.add(subscriber);
  } else {
    add_queue_member(at, queue, subscriber);
  }
  ++size_;
  note_change(filter);
}

bool InterestTrie::remove(std::string_view filter, std::string_view queue, SubscriberId subscriber) {
  const NodeIndex index = descend(filter);
  if (index == kNoNode) return false;
  Node& at = node(index);
  const bool removed = queue.empty() ? at.plain.remove(subscriber) : remove_queue_member(at, queue, subscriber);
  if (!removed) return false;
  prune(index);
  FIRTH_ASSERT(size_ > 0);
  --size_;
  note_change(filter);
  return true;
}

Interest InterestTrie::match(std::string_view subject, InterestBuffer& buffer) const {
  buffer.receivers_.clear();
  buffer.groups_.clear();
  buffer.members_.clear();
  if (has_empty_token(subject)) return buffer.view();
  match_below(kRoot, subject, buffer);

  // Members of one group may have subscribed with different filters: bring them together.
  auto& members = buffer.members_;
  if (members.size() > 1) std::ranges::sort(members, {}, [](const auto& found) { return found.queue; });
  for (const auto& [queue, ids] : members) {
    if (buffer.groups_.empty() || buffer.groups_.back().queue != queue)
      buffer.groups_.push_back({queue, static_cast<std::uint32_t>(buffer.receivers_.size()), 0});
    buffer.receivers_.insert(buffer.receivers_.end(), ids.begin(), ids.end());
    buffer.groups_.back().count += static_cast<std::uint32_t>(ids.size());
  }
  return buffer.view();
}

void InterestTrie::collect(const Node& from, InterestBuffer& buffer) const {
  const auto plain = from.plain.view();
  buffer.receivers_.insert(buffer.receivers_.end(), plain.begin(), plain.end());
  if (from.queues == nullptr) return;
  for (const QueueMembers& group : *from.queues) buffer.members_.push_back({group.queue, group.members.view()});
}

// Recursion only where a filter has '*', as deep as the deepest such filter has tokens; it visits no node twice.
void InterestTrie::match_below(NodeIndex index, std::string_view subject, InterestBuffer& buffer) const {
  TokenCursor cursor(subject);
  while (cursor.next()) {
    const Node& at = node(index);
    if (at.any_rest != kNoNode) collect(node(at.any_rest), buffer);
    if (at.any_token != kNoNode) {
      if (cursor.last()) collect(node(at.any_token), buffer);
      else match_below(at.any_token, cursor.rest(), buffer);
    }
    if (at.literal_children == 0) return;
    index = find_child(index, cursor.token());
    if (index == kNoNode) return;
  }
  collect(node(index), buffer);
}

bool InterestTrie::may_reach(std::string_view filter, bool (*wanted)(SubscriberId)) const { return may_reach_from(kRoot, filter, wanted); }

bool InterestTrie::has_wanted(const Node& at, Wanted wanted) {
  if (std::ranges::any_of(at.plain.view(), wanted)) return true;
  return at.queues != nullptr &&
         std::ranges::any_of(*at.queues, [&](const QueueMembers& group) { return std::ranges::any_of(group.members.view(), wanted); });
}

// Two wildcard paths may meet at each token, so the walk branches where the trie has a '*'; it visits no node twice.
bool InterestTrie::may_reach_from(NodeIndex index, std::string_view filter, Wanted wanted) const {
  TokenCursor cursor(filter);
  cursor.next();
  const std::string_view token = cursor.token();
  if (token == kAnyRest) return may_reach_below(index, wanted);
  const Node& at = node(index);
  if (at.any_rest != kNoNode && has_wanted(node(at.any_rest), wanted)) return true;
  if (token == kAnyToken && at.literal_children != 0) return true;
  const NodeIndex literal = token == kAnyToken || at.literal_children == 0 ? kNoNode : find_child(index, token);
  for (const NodeIndex next : {literal, at.any_token}) {
    if (next == kNoNode) continue;
    if (cursor.last() ? has_wanted(node(next), wanted) : may_reach_from(next, cursor.rest(), wanted)) return true;
  }
  return false;
}

bool InterestTrie::may_reach_below(NodeIndex index, Wanted wanted) const {
  const Node& at = node(index);
  if (at.literal_children != 0) return true;
  for (const NodeIndex next : {at.any_token, at.any_rest})
    if (next != kNoNode && (has_wanted(node(next), wanted) || may_reach_below(next, wanted))) return true;
  return false;
}

std::uint32_t InterestTrie::region_of(std::string_view subject) const {
  return static_cast<std::uint32_t>(hash_text(first_token(subject), seed_) % kRegions);
}

void InterestTrie::note_change(std::string_view filter) {
  ++generation_;
  const std::string_view first = first_token(filter);
  if (first == kAnyToken || first == kAnyRest) ++wildcard_changes_;
  else ++region_changes_[region_of(filter)];
}

std::size_t InterestTrie::memory_bytes() const {
  std::size_t bytes = sizeof *this + chunks_.size() * kNodesPerChunk * sizeof(Node) + edges_.capacity() * sizeof(Edge);
  for (NodeIndex index = 0; index < next_unused_; ++index) {
    const Node& at = node(index);
    bytes += at.token.heap_bytes() + at.plain.heap_bytes();
    if (at.queues == nullptr) continue;
    bytes += sizeof *at.queues + at.queues->capacity() * sizeof(QueueMembers);
    for (const QueueMembers& group : *at.queues) bytes += group.members.heap_bytes();
  }
  return bytes;
}

// Nodes -------------------------------------------------------------------------------------------------------------------------------

InterestTrie::NodeIndex InterestTrie::allocate_node(NodeIndex parent, std::string_view token) {
  NodeIndex index = first_free_;
  if (index != kNoNode) {
    first_free_ = node(index).parent;
  } else {
    // Chunks, not one array: growing moves nothing, and a million nodes never need twice their size for a moment.
    index = next_unused_++;
    if (index / kNodesPerChunk == chunks_.size()) chunks_.push_back(std::make_unique<Node[]>(kNodesPerChunk));
  }
  node(index).parent = parent;
  node(index).token = ShortText(token);
  ++node_count_;
  return index;
}

void InterestTrie::release_node(NodeIndex index) {
  FIRTH_ASSERT(index != kRoot && !node(index).is_needed());
  node(index) = Node();
  node(index).parent = first_free_;
  first_free_ = index;
  --node_count_;
}

InterestTrie::NodeIndex InterestTrie::descend(std::string_view filter) const {
  NodeIndex index = kRoot;
  for (TokenCursor cursor(filter); cursor.next();) {
    const std::string_view token = cursor.token();
    if (token == kAnyToken) index = node(index).any_token;
    else if (token == kAnyRest) index = node(index).any_rest;
    else index = find_child(index, token);
    if (index == kNoNode) return kNoNode;
  }
  return index;
}

InterestTrie::NodeIndex InterestTrie::descend_or_create(std::string_view filter) {
  NodeIndex index = kRoot;
  for (TokenCursor cursor(filter); cursor.next();) {
    const std::string_view token = cursor.token();
    const bool any_token = token == kAnyToken;
    const bool any_rest = token == kAnyRest;
    NodeIndex child = any_token ? node(index).any_token : any_rest ? node(index).any_rest : find_child(index, token);
    if (child == kNoNode) {
      child = allocate_node(index, token);
      if (any_token) node(index).any_token = child;
      else if (any_rest) node(index).any_rest = child;
      else add_edge(index, child);
    }
    index = child;
  }
  return index;
}

// Removes `index` and its ancestors as far as nobody needs them.
void InterestTrie::prune(NodeIndex index) {
  while (index != kRoot && !node(index).is_needed()) {
    const NodeIndex parent = node(index).parent;
    if (node(parent).any_token == index) node(parent).any_token = kNoNode;
    else if (node(parent).any_rest == index) node(parent).any_rest = kNoNode;
    else remove_edge(parent, node(index).token.view());
    release_node(index);
    index = parent;
  }
}

// Edges: linear probing, tags beside the indices so that a probe rarely touches a node that is not the one; holes are closed by moving
// back what follows, so there are no tombstones to wade through after a million inboxes came and went. -------------------------------

std::uint32_t InterestTrie::edge_tag(NodeIndex parent, std::string_view token) const {
  return static_cast<std::uint32_t>(hash_text(token, seed_ + (std::uint64_t{parent} << 32 | parent)) >> 16);
}

std::size_t InterestTrie::find_edge(NodeIndex parent, std::string_view token) const {
  const std::size_t mask = edges_.size() - 1;
  const std::uint32_t tag = edge_tag(parent, token);
  std::size_t slot = tag & mask;
  for (; edges_[slot].node != kNoNode; slot = (slot + 1) & mask) {
    if (edges_[slot].tag != tag) continue;
    const Node& candidate = node(edges_[slot].node);
    if (candidate.parent == parent && candidate.token == token) break;
  }
  return slot;
}

InterestTrie::NodeIndex InterestTrie::find_child(NodeIndex parent, std::string_view token) const {
  return edges_[find_edge(parent, token)].node;
}

void InterestTrie::add_edge(NodeIndex parent, NodeIndex child) {
  if ((edge_count_ + 1) * 4 > edges_.size() * 3) grow_edges();
  const std::string_view token = node(child).token.view();
  Edge& edge = edges_[find_edge(parent, token)];
  FIRTH_ASSERT(edge.node == kNoNode);
  edge = {edge_tag(parent, token), child};
  ++edge_count_;
  ++node(parent).literal_children;
}

void InterestTrie::remove_edge(NodeIndex parent, std::string_view token) {
  const std::size_t mask = edges_.size() - 1;
  std::size_t hole = find_edge(parent, token);
  FIRTH_ASSERT(edges_[hole].node != kNoNode);
  for (std::size_t slot = (hole + 1) & mask; edges_[slot].node != kNoNode; slot = (slot + 1) & mask) {
    const std::size_t wanted = edges_[slot].tag & mask;
    if (((slot - wanted) & mask) < ((slot - hole) & mask)) continue;  // the hole lies before the place it wants
    edges_[hole] = edges_[slot];
    hole = slot;
  }
  edges_[hole] = {};
  --edge_count_;
  --node(parent).literal_children;
}

void InterestTrie::grow_edges() {
  std::vector<Edge> old(edges_.size() * 2);
  old.swap(edges_);
  const std::size_t mask = edges_.size() - 1;
  for (const Edge& edge : old) {
    if (edge.node == kNoNode) continue;
    std::size_t slot = edge.tag & mask;
    while (edges_[slot].node != kNoNode) slot = (slot + 1) & mask;
    edges_[slot] = edge;
  }
}

// Queue groups ------------------------------------------------------------------------------------------------------------------------

void InterestTrie::add_queue_member(Node& at, std::string_view queue, SubscriberId subscriber) {
  auto [known, is_new] = queue_ids_.try_emplace(std::string(queue));
  if (is_new) {
    if (free_queue_ids_.empty()) {
      known->second = QueueId(static_cast<std::uint32_t>(queues_.size()));
      queues_.emplace_back();
    } else {
      known->second = free_queue_ids_.back();
      free_queue_ids_.pop_back();
    }
    queues_[known->second.value()].name = queue;
  }
  const QueueId id = known->second;
  ++queues_[id.value()].subscriptions;

  if (at.queues == nullptr) at.queues = std::make_unique<std::vector<QueueMembers>>();
  auto group = std::ranges::find(*at.queues, id, &QueueMembers::queue);
  if (group == at.queues->end()) {
    at.queues->push_back({id, {}});
    group = at.queues->end() - 1;
  }
  group->members.add(subscriber);
}

bool InterestTrie::remove_queue_member(Node& at, std::string_view queue, SubscriberId subscriber) {
  const auto known = queue_ids_.find(std::string(queue));
  if (known == queue_ids_.end() || at.queues == nullptr) return false;
  const QueueId id = known->second;
  const auto group = std::ranges::find(*at.queues, id, &QueueMembers::queue);
  if (group == at.queues->end() || !group->members.remove(subscriber)) return false;
  if (group->members.empty()) {
    *group = std::move(at.queues->back());
    at.queues->pop_back();
    if (at.queues->empty()) at.queues.reset();
  }
  if (--queues_[id.value()].subscriptions == 0) {
    queues_[id.value()].name.clear();
    free_queue_ids_.push_back(id);
    queue_ids_.erase(known);
  }
  return true;
}

}  // namespace firth::subject
