// A simulated disk behind the door of runtime/files.h: it keeps what was synced, and a seed decides what becomes of the rest
// (file_content.h, names.h). Works alone, called synchronously, and as the disk of a sim::World.
//
//   sim::Files files(seed);
//   files.inject({.operation = sim::Operation::kSyncData, .nth = 3});   // the third fdatasync from now fails
//   ... the code under test ...
//   files.lose_power(seed);                                            // then open again what is left
//
// Stricter than ext4, as strict as POSIX: syncing a file does not sync its name, nor a directory its own name in the parent.
// Threads: as runtime/files.h says. Outlives the files that it opened; those opened before kill() or lose_power() fail from then on.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/files.h"
#include "tests/sim/names.h"
#include "tests/sim/random.h"

namespace firth::sim {

enum class Operation : unsigned char {
  kRead,
  kWrite,
  kSyncData,
  kSyncDirectory,
  kSyncFilesystem,
  kAnySync,  // in a Fault: one of the three above
  kTruncate,
  kNames,      // open, lock, make_directory, rename, remove: one count for all
  kAnyChange,  // in a Fault: all but kRead
};

enum class Effect : unsigned char {
  kError,    // kStorage. A write has written nothing; a failed sync of bytes leaves old or new by seed, and a later one would lie
  kShort,    // of a write: a prefix by seed is written, then kStorage
  kNoSpace,  // kNoSpace, at this operation; limit_space() is the disk that really fills up
  kStall,    // it takes `stall`, then succeeds
  kHalt,     // the machine stops in it: a write has written a prefix, and nothing works any more until kill() or lose_power()
};

struct Fault {
  Operation operation = Operation::kWrite;
  std::uint64_t nth = 1;           // counted from inject(): 1 is the next operation that matches
  std::uint64_t times = 1;         // how many in a row
  std::string path_contains = {};  // empty: any
  Effect effect = Effect::kError;
  std::chrono::nanoseconds stall{0};
};

struct Counters {
  std::uint64_t write_at = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t sync_data = 0;
  std::uint64_t sync_directory = 0;
  std::uint64_t sync_filesystem = 0;
  std::uint64_t start_writeout = 0;
  std::uint64_t faults = 0;  // that were injected and happened
};

struct ReadRange {
  std::string path;
  std::uint64_t position = 0;
  std::uint64_t length = 0;  // bytes that were read, not asked for
};

class Files final : public runtime::Files {
 public:
  explicit Files(std::uint64_t seed = 1, Neighbours neighbours = Neighbours::kSpared);
  ~Files() override;

  Result<std::unique_ptr<runtime::File>> open(std::string_view path, runtime::OpenMode mode) override;
  Result<void> rename(std::string_view from, std::string_view to) override;
  Result<void> remove(std::string_view path) override;
  Result<void> make_directory(std::string_view path) override;
  Result<void> sync_directory(std::string_view path) override;
  Result<void> sync_filesystem(std::string_view path) override;
  Result<std::vector<runtime::DirectoryEntry>> list(std::string_view path) override;
  Result<bool> exists(std::string_view path) override;
  Result<std::uint64_t> free_bytes(std::string_view path) override;
  BootId boot_id() const override;
  Result<std::unique_ptr<runtime::File>> lock(std::string_view path) override;

  // The process died: open files and locks are gone, the page cache is not. Faults that wait are forgotten.
  void kill();
  // The machine died: what the seed leaves of what was not synced is all that there is.
  void lose_power(std::uint64_t seed);
  bool is_halted() const;  // by Effect::kHalt

  void inject(Fault fault);
  void clear_faults();
  // The disk holds this many bytes of files; a write beyond writes what fits, then fails with kNoSpace.
  void limit_space(std::uint64_t total_bytes);
  // Damage at rest. REQUIRES: the file exists, position < its size, 0 <= bit < 8.
  void flip_bit(std::string_view path, std::uint64_t position, int bit);

  Counters counters() const;
  std::vector<ReadRange> reads() const;                   // since reset_counters(), in order
  std::uint64_t bytes_read(std::string_view path) const;  // the same
  void reset_counters();

  // What a test asserts about or starts from: the bytes as a process sees them now, without counting, faults or stalls.
  std::optional<std::vector<std::byte>> content(std::string_view path) const;
  void put_content(std::string_view path, ByteView bytes);  // synced, with its name. REQUIRES: the directory exists

  // A stalled operation calls this with the time that it takes, after its work; no lock is held.
  void on_stall(std::function<void(std::chrono::nanoseconds)> spend);
  // Every operation is told, before it happens: for a trace.
  void on_operation(std::function<void(Operation, std::string_view path, std::uint64_t position, std::uint64_t length)> observer);

 private:
  class OpenFile;
  class Entry;
  struct Armed {
    Fault fault;
    std::uint64_t seen = 0;
  };

  std::optional<Effect> effect_of(Operation operation, std::string_view path);
  void settle_below(Node& node);
  void resize(Node& node, std::uint64_t size);
  std::uint64_t room_for(const Node& node) const;  // the size up to which it may grow
  void restart();

  mutable std::mutex mutex_;  // all below: the code under test may have threads of its own
  Names names_;
  Random random_;
  Neighbours neighbours_;
  std::uint64_t life_ = 1;  // of the process; files opened in another one are dead
  std::uint64_t boot_ = 1;  // of the machine
  bool halted_ = false;
  std::uint64_t space_bytes_ = std::uint64_t{1} << 50;
  std::uint64_t used_bytes_ = 0;
  std::vector<std::string> locks_;
  std::vector<Armed> faults_;
  std::chrono::nanoseconds owed_stall_{0};
  Counters counters_;
  std::vector<ReadRange> reads_;
  std::function<void(std::chrono::nanoseconds)> spend_;
  std::function<void(Operation, std::string_view, std::uint64_t, std::uint64_t)> observer_;
};

}  // namespace firth::sim
