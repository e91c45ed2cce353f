// Reading the journal back: every frame from a position on, in order, and what is wrong with the rest.
//
// What follows the last good frame is either a torn tail (written, never synced: nobody was told that it is there) or damage (a later
// frame says that the journal was synced beyond it). A torn tail is cut. Damage hurts the partitions that the frame's directory names,
// which stands at both its ends; the frames after it are read on.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "log/frame.h"
#include "log/journal.h"

namespace firth::log {

struct JournalDamage {
  JournalPosition begin, end;
  bool directory_known = false;  // if not, any partition may be hurt
  std::vector<DirectoryEntry> partitions;
};

struct JournalScan {
  JournalPosition end;           // of the last frame, from which the next generation goes on
  JournalPosition synced;        // all below is on disk for sure: so says a frame, or whoever asked to read from there
  std::uint64_t generation = 0;  // the highest seen
  std::uint64_t frame_count = 0;
  bool torn_tail = false;
  std::vector<JournalDamage> damages;
  std::vector<JournalPosition> files;  // all that are there
};

class FrameSink {
 public:
  virtual ~FrameSink() = default;
  virtual void on_frame(Frame frame, const FramePlace& place) = 0;
  virtual void on_damage(const JournalDamage& damage) = 0;
  // Asked after each frame: false ends the scan there.
  virtual bool wants_more() const { return true; }
};

// Hands every frame behind `from` to the sink, in order; `from` is the end of some frame, or {} for all that is there.
// Never writes. Errors: kStorage (reading failed), kCorrupt (the file that holds `from` is missing).
Result<JournalScan> scan_journal(runtime::Files& files, std::string_view directory, const JournalSettings& settings, JournalPosition from,
                                 FrameSink& sink);

}  // namespace firth::log
