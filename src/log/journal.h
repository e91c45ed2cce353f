// The one commit journal of a disk: frames of all shards and groups, in one order. What it says is synced survives power loss.
//
//   generation 7   | frame | frame | frame | frame ~~~ | space written before |
//                                  ^ synced           ^ written                  (~~~ handed to the page cache, not synced yet)
//
// Owner      one thread at a time: the committer (committer.h). Everything here is synchronous.
// Invariant  synced <= written, asserted at every change. Both only grow.
// Failed     for good after a failed write or sync: every later call fails, nothing is retried (docs/decisions: a failed sync is final).
// Recovery   scan_journal reads it; the journal then starts a new generation in a new file, so that no old frame can become contiguous
//            again. The first frame of the new generation names the end of the old one.
#pragma once

#include <deque>
#include <span>
#include <vector>

#include "log/frame.h"
#include "log/journal_file.h"

namespace firth::log {

struct JournalSettings {
  std::uint64_t file_bytes = 16 * 1024 * 1024;  // at least twice kMaxFrameBytes
};

class Journal {
 public:
  // Begins `generation` in a new file behind `end`, the end of what recovery read (0 for a new disk), and writes its first frame, which is
  // empty, synced. `existing` are the files that are there; those that lie below the released position are used again.
  static Result<Journal> begin(runtime::Files& files, std::string_view directory, const JournalSettings& settings, std::uint64_t generation,
                               JournalPosition end, std::vector<JournalPosition> existing);

  // Writes the frames in their order, in one vectored write a file. replay_from[i] is the position from which a scan finds frames[i] first:
  // the end of the frame before it.
  Result<void> write(std::span<const Frame* const> frames, std::vector<JournalPosition>& replay_from);
  // Starts writing out what is written and not synced, if it is much: nobody waits for it, and who syncs next shall not either.
  void start_writeout();
  // Makes what was written survive power loss.
  Result<void> sync();
  // Writes one empty frame that says up to where the journal is synced, so that recovery can tell damage from a torn tail. When idle.
  Result<void> write_idle_mark();
  bool wants_idle_mark() const { return !failed_ && mark_below_ < synced_; }

  // The file after the current one can be made ahead, by a worker: it takes the order, carries it out and brings the file.
  struct SpareOrder {
    JournalPosition start;
    std::optional<JournalPosition> recycle;
  };
  std::optional<SpareOrder> take_spare_order();
  void add_spare(JournalFile file);

  // Everything below `position` is in the manifest: space below it may be used again.
  void release(JournalPosition position);

  JournalPosition written() const { return written_; }
  JournalPosition synced() const { return synced_; }
  bool failed() const { return failed_; }
  std::uint64_t held_bytes() const { return written_ - released_; }

 private:
  Journal(runtime::Files& files, std::string_view directory, const JournalSettings& settings, std::uint64_t generation, JournalPosition end)
      : files_(&files),
        directory_(directory),
        settings_(settings),
        generation_(generation),
        written_(end),
        synced_(end),
        mark_below_(end) {}

  Result<void> next_file();
  Result<void> write_gathered();
  Result<void> fail(Error error);
  std::optional<JournalPosition> take_released_file();

  runtime::Files* files_;
  std::string directory_;
  JournalSettings settings_;
  std::uint64_t generation_;
  JournalFile current_;
  std::optional<JournalFile> spare_;
  bool spare_ordered_ = false;
  std::deque<JournalPosition> older_files_;  // starts, lowest first; files that hold nothing above released_ may be recycled
  JournalPosition written_, synced_, released_;
  JournalPosition writeout_;    // up to where write-out was started
  JournalPosition mark_below_;  // the synced position that the last written frame names
  bool failed_ = false;
  std::vector<EncodedFrame> encoded_;  // of the write under way, kept for their memory
  std::vector<ByteView> gathered_;     // parts that wait for one vectored write, at gathered_at_
  JournalPosition gathered_at_;
};

}  // namespace firth::log
