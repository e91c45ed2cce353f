#include "tests/sim/names.h"

#include <set>
#include <utility>

#include "base/assert.h"

namespace firth::sim {
namespace {

void visit(const NodePointer& node, std::vector<NodePointer>& files) {
  if (!node->is_directory) files.push_back(node);
  for (const auto& [name, child] : node->cached) visit(child, files);
}

void adopt(const NodePointer& node) {
  node->cached = node->durable;
  node->is_linked = true;
  for (const auto& [name, child] : node->cached) adopt(child);
}

// How the waiting changes end: a coin for each would hardly ever keep or lose them all, or keep just the first ones.
enum Fate : std::uint64_t { kAllKept, kAllLost, kFirstKept, kMixed, kFateCount };

}  // namespace

// The names that a set of changes touches.
class Names::Keys {
 public:
  void add(const Change& change) {
    if (change.from_directory != nullptr) add(change.from_directory.get(), change.from);
    if (change.to_directory != nullptr) add(change.to_directory.get(), change.to);
  }
  bool touched_by(const Change& change) const {
    return (change.from_directory != nullptr && names_.contains({change.from_directory.get(), change.from})) ||
           (change.to_directory != nullptr && names_.contains({change.to_directory.get(), change.to}));
  }
  bool inside(const NodePointer& directory) const { return directories_.contains(directory.get()); }

 private:
  void add(const Node* directory, const std::string& name) {
    names_.emplace(directory, name);
    directories_.insert(directory);
  }
  std::set<std::pair<const Node*, std::string>> names_;  // looked up only: the order of addresses decides nothing
  std::set<const Node*> directories_;
};

std::string normal_path(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (!result.empty()) result += '/';
    result += part;
  }
  return result;
}

Names::Place Names::find(std::string_view path) const {
  const std::string normal = normal_path(path);
  if (normal.empty()) return {root_, "", root_};
  NodePointer directory = root_;
  std::string_view rest = normal;
  for (;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view name = rest.substr(0, slash);
    const auto at = directory->cached.find(name);
    const NodePointer node = at == directory->cached.end() ? nullptr : at->second;
    if (slash == std::string_view::npos) return {directory, std::string(name), node};
    if (node == nullptr || !node->is_directory) return {nullptr, std::string(name), nullptr};
    directory = node;
    rest.remove_prefix(slash + 1);
  }
}

void Names::link(const Place& place, NodePointer node) {
  place.directory->cached[place.name] = node;
  changes_.push_back({nullptr, "", place.directory, place.name, std::move(node)});
}

void Names::unlink(const Place& place) {
  place.directory->cached.erase(place.name);
  place.node->is_linked = false;
  changes_.push_back({place.directory, place.name, nullptr, "", place.node});
}

void Names::move(const Place& from, const Place& to) {
  if (to.node != nullptr) to.node->is_linked = false;
  from.directory->cached.erase(from.name);
  to.directory->cached[to.name] = from.node;
  changes_.push_back({from.directory, from.name, to.directory, to.name, from.node});
}

void Names::apply(const Change& change) {
  if (change.from_directory != nullptr) change.from_directory->durable.erase(change.from);
  if (change.to_directory != nullptr) change.to_directory->durable[change.to] = change.node;
}

void Names::sync(const NodePointer& directory) {
  // Backwards, so that what a change needs is known before its elders are looked at.
  Keys needed;
  std::set<const Node*> emptied;
  std::vector<bool> kept(changes_.size());
  for (std::size_t i = changes_.size(); i-- > 0;) {
    const Change& change = changes_[i];
    kept[i] = change.from_directory == directory || change.to_directory == directory || needed.touched_by(change) ||
              emptied.contains(change.from_directory.get()) || emptied.contains(change.to_directory.get());
    if (!kept[i]) continue;
    needed.add(change);
    if (change.to_directory == nullptr && change.node->is_directory) emptied.insert(change.node.get());
  }
  std::vector<Change> waiting;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    if (kept[i]) {
      apply(changes_[i]);
    } else {
      waiting.push_back(std::move(changes_[i]));
    }
  }
  changes_ = std::move(waiting);
}

void Names::sync_all() {
  for (const Change& change : changes_) apply(change);
  changes_.clear();
}

void Names::settle(Random& random) {
  if (changes_.empty()) return;
  const std::uint64_t fate = random.below(kFateCount);
  const std::uint64_t first = random.below(changes_.size() + 1);
  Keys lost;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const Change& change = changes_[i];
    const bool chosen = fate == kAllKept || (fate == kFirstKept && i < first) || (fate == kMixed && !random.one_in(3));
    const bool removes_directory = change.to_directory == nullptr && change.node->is_directory;
    if (chosen && !lost.touched_by(change) && !(removes_directory && lost.inside(change.node))) {
      apply(change);
    } else {
      lost.add(change);
    }
  }
  changes_.clear();
}

void Names::drop_cache() {
  FIRTH_ASSERT(changes_.empty());
  adopt(root_);
}

std::vector<NodePointer> Names::files() const {
  std::vector<NodePointer> result;
  visit(root_, result);
  return result;
}

}  // namespace firth::sim
