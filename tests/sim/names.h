// The directory tree twice: as the process sees it, and as it would be found after power loss. Between the two lies the list of changes
// (a name made, removed, or moved) that no sync_directory has covered yet. Power loss keeps any part of that list that makes sense:
//
//   - each change happens wholly or not at all: a rename is never half done, a name never points to nothing
//   - a change is kept only if every earlier one that touches one of its names is kept, and a removed directory was empty
//   - so a created file may vanish, a removed one may be back, and directories forget independently of each other
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/file_content.h"

namespace firth::sim {

struct Node {
  bool is_directory = false;
  bool is_linked = true;  // false once removed: its bytes no longer count as used
  FileContent content;
  std::map<std::string, std::shared_ptr<Node>, std::less<>> cached;   // of a directory: what the process sees
  std::map<std::string, std::shared_ptr<Node>, std::less<>> durable;  // of a directory: what the platter has
};
using NodePointer = std::shared_ptr<Node>;

// "a//b/./c/" and "/a/b/c" name the same thing: the root is where all paths begin.
std::string normal_path(std::string_view path);

class Names {
 public:
  struct Place {
    NodePointer directory;  // null: a directory above does not exist
    std::string name;       // empty: the root itself
    NodePointer node;       // null: no such name
  };
  Place find(std::string_view path) const;
  const NodePointer& root() const { return root_; }

  // REQUIRES: the places are what find() returned, and nothing changed since; what may be done to which is the caller's to check.
  void link(const Place& place, NodePointer node);
  void unlink(const Place& place);
  void move(const Place& from, const Place& to);

  // Every change that touches this directory is on the platter, with all that it needs.
  void sync(const NodePointer& directory);
  void sync_all();
  // The platter gets what the seed leaves of the changes, and none is waiting any more; the process goes on seeing all of them.
  void settle(Random& random);
  // The tree of the platter is what is seen from now on. REQUIRES: no change is waiting.
  void drop_cache();

  // Every file that the process sees (or, after drop_cache, that is left), in the order of their paths.
  std::vector<NodePointer> files() const;

 private:
  struct Change {
    NodePointer from_directory;  // null: a new name
    std::string from;
    NodePointer to_directory;  // null: a removal
    std::string to;
    NodePointer node;
  };
  class Keys;
  static void apply(const Change& change);

  NodePointer root_ = [] {
    auto root = std::make_shared<Node>();
    root->is_directory = true;
    return root;
  }();
  std::vector<Change> changes_;  // oldest first
};

}  // namespace firth::sim
