// Random changes of several partitions against a model: of each partition a list of what was decided. Whenever it is looked at, and after
// every start, a partition must be what a prefix of that list makes of it, and the prefix holds everything that was acknowledged. So
// nothing acknowledged is lost, nothing that was hidden from a reader becomes visible again, and no offset that anybody saw is given out
// twice. Partitions with durability `os` and `sync` are mixed: those with `os` may lose what was not synced when power fails, and then go
// on behind everything that anybody saw.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/log/disk_world.h"

namespace firth::log::test {

struct Batch {
  std::int64_t end = 0;  // what follows may be a hole
  std::string text;
  bool operator==(const Batch&) const = default;
};

// What a partition looks like to a reader.
struct View {
  bool alive = false;
  std::int64_t log_start = 0;
  std::int64_t next = 0;
  std::map<std::int64_t, Batch> batches;  // by base offset, those that hold an offset at or above the log start
  std::set<std::int64_t> erased;
  std::string piece;
  std::string config;
  std::string unreadable;  // what a read said that failed; the rest is there up to that place
  bool operator==(const View&) const = default;
};
std::ostream& operator<<(std::ostream& out, const View& view);
View look(Partition* partition);

struct Decision {
  enum class Kind : std::uint8_t { kBirth, kAppend, kErase, kLogStart, kPiece, kConfig, kDeath } kind;
  std::int64_t offset = 0, end = 0;  // append: base and next; erase: the range; log start: the offset
  std::string text;
};

// How a life ended.
enum class Ending : std::uint8_t { kKill, kPowerLoss };

class RandomWorkload {
 public:
  static constexpr int kPartitions = 5;

  RandomWorkload(DiskWorld& disk, std::uint64_t seed) : disk_(disk), random_(seed) {}

  // Posts one random change of one partition to its shard.
  void change_something();
  // Each partition is what some prefix of its decisions makes of it, not shorter than what was acknowledged.
  void check();
  // The same after a start, where the decisions that did not survive are forgotten.
  void check_after_start(Ending ending);
  // Whether a partition, as far as it can be read, holds what was decided and nothing else: after damage that was told.
  void check_what_is_readable();

  std::uint64_t acknowledged_total() const { return acknowledged_total_; }
  std::uint64_t refused_total() const { return refused_total_; }  // waiters that got an error

 private:
  struct History {
    View base;  // at the last start
    std::vector<Decision> decisions;
    std::size_t acknowledged = 0;
    std::size_t committed = 0;  // survives power loss, whatever the durability
    std::int64_t seen_end = 0;  // of the offsets that were released, in any life
    std::uint64_t life = 0;
  };

  void note(int n, Partition& partition, Decision decision);
  void change(int n);
  void change_alive(int n, Partition& partition);
  void append(int n, Partition& partition);
  enum class Holes : bool { kNone, kAtTheEnd };
  View check_one(int n, Holes holes);

  DiskWorld& disk_;
  sim::Random random_;
  std::map<int, History> histories_;
  std::set<int> died_;
  std::uint64_t counter_ = 0;
  std::uint64_t acknowledged_total_ = 0;
  std::uint64_t refused_total_ = 0;
};

}  // namespace firth::log::test
