// The bytes of one file twice: as the process sees them (the page cache) and as they would be found after power loss (the platter).
//
//   cached    | aaaa | BBBB | CCCC | dd      B, C: written since the last sync, so dirty
//   platter   | aaaa | bbbb |                what became of them is decided sector by sector, and once, by settle()
//
// A dirty sector is found as it was, as it is, as it was in between (if it was written more than once), or garbled. The size is found as
// it was, as it is, or as it was in between, whatever became of the sectors; space that was never written reads as zeroes.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <vector>

#include "base/bytes.h"
#include "tests/sim/paged_bytes.h"
#include "tests/sim/random.h"

namespace firth::sim {

inline constexpr std::size_t kSectorBytes = 512;

// What a torn write may do to bytes of its sector that were synced before and not written again. Databases ask disks for the former
// (SQLite calls it powersafe overwrite); the latter finds out who relies on it.
enum class Neighbours { kSpared, kGarbledToo };

class FileContent {
 public:
  std::uint64_t size() const { return cached_.size(); }
  bool is_dirty() const { return !dirty_.empty() || !sizes_.empty(); }

  std::size_t read(std::uint64_t position, MutableBytes out) const { return cached_.read(position, out); }
  void write(std::uint64_t position, ByteView bytes);
  void truncate(std::uint64_t size);

  // All that was written is on the platter, and so is the size.
  void sync();
  // The platter gets what the seed leaves of the dirty sectors, and nothing is dirty any more; the cache stays. So a failed sync ends,
  // and a later one that succeeds has written nothing of it.
  void settle(Random& random, Neighbours neighbours);
  // The cache is gone: what is read from now on comes from the platter. REQUIRES: !is_dirty()
  void drop_cache() { cached_ = platter_; }

  // Damage at rest, seen by every reader. REQUIRES: position < size()
  void flip_bit(std::uint64_t position, int bit);

 private:
  static constexpr std::size_t kSectorsPerPage = PagedBytes::kPageBytes / kSectorBytes;
  using Written = std::bitset<kSectorBytes>;
  struct DirtyPage {
    std::array<Written, kSectorsPerPage> written;   // since the last sync
    std::vector<PagedBytes::PagePointer> versions;  // contents between the platter's and the cached one, oldest first
  };
  struct Sector;  // one dirty sector and its possible contents

  void mark_dirty(std::uint64_t begin, std::uint64_t end);
  void keep_version(std::uint64_t index, DirtyPage& page);
  void resize(std::uint64_t size);
  std::uint64_t settle_size(Random& random, std::uint64_t fate) const;
  static void garble(Random& random, const Sector& sector, Neighbours neighbours);

  PagedBytes cached_;
  PagedBytes platter_;
  std::map<std::uint64_t, DirtyPage> dirty_;  // by index
  std::vector<std::uint64_t> sizes_;          // that the file had since its last sync; the last one is the present one
};

}  // namespace firth::sim
