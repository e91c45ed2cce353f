#include "log/journal_scan.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/mark.h"

namespace firth::log {
namespace {

constexpr std::size_t kWindowBytes = 256 * 1024;

// What was last read of one file: reading goes forward, a window at a time.
struct Window {
  std::size_t file_index = ~std::size_t{0};
  JournalFile file;
  JournalPosition from;
  SharedBytes bytes;

  bool holds(std::size_t wanted_index, JournalPosition position, std::size_t wanted_bytes) const {
    return file_index == wanted_index && from <= position && position + wanted_bytes <= from + bytes.size();
  }
};

class Scanner {
 public:
  Scanner(runtime::Files& files, std::string_view directory, const JournalSettings& settings, FrameSink& sink)
      : files_(files), directory_(directory), settings_(settings), sink_(sink) {}

  Result<JournalScan> run(JournalPosition from);

 private:
  // A frame whose header is good, and the file that holds it.
  struct Found {
    std::size_t file_index;
    FrameHeader header;
  };

  // `position`, or the first place of the file for a frame if it lies before.
  JournalPosition in_file(std::size_t file_index, JournalPosition position) const {
    return std::max(position, scan_.files[file_index] + kJournalHeaderBytes);
  }
  Result<ByteView> bytes_at(std::size_t file_index, JournalPosition position, std::size_t wanted);
  bool is_header(std::size_t file_index, ByteView bytes, JournalPosition position, FrameHeader& header);
  Result<bool> read_header(std::size_t file_index, JournalPosition position, FrameHeader& header);
  Result<std::optional<Found>> next_after(std::size_t file_index, JournalPosition end);
  Result<std::optional<Found>> next_in_later_file(std::size_t file_index, JournalPosition end);
  Result<std::optional<Found>> search_beyond(std::size_t file_index, JournalPosition bad);
  Result<std::optional<Found>> first_frame(JournalPosition from);
  Result<std::optional<Found>> read_frame(const Found& found);
  Result<std::optional<Found>> pass_damage(std::size_t file_index, std::vector<DirectoryEntry> known);

  runtime::Files& files_;
  std::string directory_;
  JournalSettings settings_;
  FrameSink& sink_;
  JournalScan scan_;
  std::uint64_t highest_generation_ = 0;
  Window window_;
};

// At least `wanted` bytes from the position on, fewer if the file ends before. A file that is none of ours (it was being made) is empty.
Result<ByteView> Scanner::bytes_at(std::size_t file_index, JournalPosition position, std::size_t wanted) {
  if (!window_.holds(file_index, position, wanted)) {
    if (window_.file_index != file_index) {
      window_ = Window();
      auto opened = open_journal_file(files_, directory_, scan_.files[file_index], settings_.file_bytes);
      if (!opened.ok()) {
        if (opened.error().code == Errc::kCorrupt) return ByteView();
        return std::move(opened).error();
      }
      window_.file = *std::move(opened);
      window_.file_index = file_index;
    }
    SharedBytes bytes = SharedBytes::allocate(std::max(wanted, kWindowBytes));
    FIRTH_TRY(const std::size_t read, window_.file.file->read_at(window_.file.at(position), bytes.writable()));
    window_.from = position;
    window_.bytes = bytes.slice(0, read);
  }
  return window_.bytes.view().subspan(position - window_.from);
}

// Also of a frame that turns out to be torn: whatever is written next must not be taken for older than that one.
bool Scanner::is_header(std::size_t file_index, ByteView bytes, JournalPosition position, FrameHeader& header) {
  if (!read_frame_header(bytes, position, scan_.generation, header)) return false;
  if (header.end - scan_.files[file_index] > settings_.file_bytes) return false;
  highest_generation_ = std::max(highest_generation_, header.place.generation);
  return true;
}

Result<bool> Scanner::read_header(std::size_t file_index, JournalPosition position, FrameHeader& header) {
  FIRTH_TRY(const ByteView bytes, bytes_at(file_index, position, kFrameHeaderBytes));
  return is_header(file_index, bytes, position, header);
}

// The frame that follows one that ends at `end`: right behind it, or the first of a later file that names `end`.
Result<std::optional<Scanner::Found>> Scanner::next_after(std::size_t file_index, JournalPosition end) {
  FrameHeader header;
  FIRTH_TRY(const bool adjacent, read_header(file_index, end, header));
  if (adjacent && header.place.previous_end == end) return std::optional(Found{file_index, header});
  return next_in_later_file(file_index, end);
}

Result<std::optional<Scanner::Found>> Scanner::next_in_later_file(std::size_t file_index, JournalPosition end) {
  for (std::size_t later = file_index + 1; later < scan_.files.size(); ++later) {
    FrameHeader header;
    FIRTH_TRY(const bool there, read_header(later, scan_.files[later] + kJournalHeaderBytes, header));
    if (there && header.place.previous_end == end) return std::optional(Found{later, header});
  }
  return std::optional<Found>();
}

// The first good header behind a bad place: where reading can go on, if what lies between was synced.
Result<std::optional<Scanner::Found>> Scanner::search_beyond(std::size_t file_index, JournalPosition bad) {
  for (std::size_t at_file = file_index; at_file < scan_.files.size(); ++at_file) {
    JournalPosition position = in_file(at_file, bad);
    for (;;) {
      FIRTH_TRY(const ByteView bytes, bytes_at(at_file, position, kFrameHeaderBytes));
      if (bytes.size() < kFrameHeaderBytes) break;
      for (std::size_t at = 0; at + kFrameHeaderBytes <= bytes.size(); at += kFrameAlignment, position += kFrameAlignment) {
        FrameHeader header;
        if (is_header(at_file, bytes.subspan(at), position, header) && header.place.previous_end > bad)
          return std::optional(Found{at_file, header});
      }
    }
  }
  return std::optional<Found>();
}

// Decides what the bad place behind scan_.end is. Damage: reports it and returns the frame after it. A torn tail: returns nothing.
Result<std::optional<Scanner::Found>> Scanner::pass_damage(std::size_t file_index, std::vector<DirectoryEntry> known) {
  const JournalPosition bad = scan_.end;
  FIRTH_TRY(auto beyond, search_beyond(file_index, bad));
  // Only a frame that says the journal was synced past the bad place proves that somebody was told of what stood there. The frames written
  // in the same breath cannot say it yet: one further on does.
  auto proof = beyond;
  while (proof.has_value() && proof->header.place.synced <= bad) {
    FIRTH_TRY(proof, search_beyond(proof->file_index, proof->header.end));
  }
  if (!proof.has_value()) {
    scan_.torn_tail |= beyond.has_value();
    return proof;
  }

  FIRTH_MARK("log.journal.damage");
  JournalDamage damage{
      .begin = bad, .end = beyond->header.place.previous_end, .directory_known = !known.empty(), .partitions = std::move(known)};
  if (!damage.directory_known) {
    // The copy at the end of the damaged frame helps if that is the only frame in the gap: its trailer names where it began.
    const JournalPosition begin = in_file(beyond->file_index, bad);
    if (begin < damage.end) {
      FIRTH_TRY(const ByteView gap, bytes_at(beyond->file_index, begin, damage.end - begin));
      damage.directory_known = read_directory_before(gap.first(damage.end - begin), begin, damage.partitions);
    }
  }
  sink_.on_damage(damage);
  scan_.damages.push_back(std::move(damage));
  return beyond;
}

// Reads on from a frame. A frame whose body is bad ends the chain, unless a later generation went on from the end of the frame before it.
Result<std::optional<Scanner::Found>> Scanner::read_frame(const Found& found) {
  const JournalPosition position = found.header.place.position;
  const std::size_t length = found.header.end - position;
  FIRTH_TRY(const ByteView there, bytes_at(found.file_index, position, length));
  SharedBytes bytes = SharedBytes::allocate(length);  // a frame of its own: what is kept of it pins no more than itself
  const std::size_t read = std::min(length, there.size());
  std::memset(std::copy_n(there.begin(), read, bytes.writable().data()), 0, length - read);
  Frame frame;
  std::vector<DirectoryEntry> directory;
  const FrameBody body = read_frame_body(bytes, found.header, frame, directory);
  if (body == FrameBody::kGood) {
    scan_.generation = found.header.place.generation;
    scan_.end = found.header.end;
    scan_.synced = std::max(scan_.synced, found.header.place.synced);
    ++scan_.frame_count;
    sink_.on_frame(std::move(frame), found.header.place);
    if (!sink_.wants_more()) return std::optional<Found>();
    FIRTH_TRY(auto next, next_after(found.file_index, scan_.end));
    return next.has_value() ? std::move(next) : pass_damage(found.file_index, {});
  }
  FIRTH_TRY(auto went_on, next_in_later_file(found.file_index, scan_.end));
  if (went_on.has_value() && went_on->header.place.generation > found.header.place.generation) return went_on;
  scan_.torn_tail = true;
  if (body == FrameBody::kBadDirectory) directory.clear();
  FIRTH_TRY(auto beyond, pass_damage(found.file_index, std::move(directory)));
  if (beyond.has_value()) scan_.torn_tail = false;
  return beyond;
}

// Where reading starts: the file that holds `from`, which is the end of some frame, or the first frame of all.
Result<std::optional<Scanner::Found>> Scanner::first_frame(JournalPosition from) {
  for (std::size_t i = 0; i < scan_.files.size(); ++i) {
    const JournalPosition start = scan_.files[i];
    if (from == JournalPosition()) {
      FrameHeader header;
      FIRTH_TRY(const bool there, read_header(i, start + kJournalHeaderBytes, header));
      if (!there) continue;
      scan_.end = header.place.previous_end;
      return std::optional(Found{i, header});
    }
    if (from < start + kJournalHeaderBytes || from - start > settings_.file_bytes) continue;
    FIRTH_TRY(auto next, next_after(i, from));
    return next.has_value() ? std::move(next) : pass_damage(i, {});
  }
  if (from == JournalPosition()) return std::optional<Found>();
  return Error{Errc::kCorrupt,
               fmt::format("journal {}: the file that holds position {}, where the manifest ends, is missing", directory_, from.value())};
}

Result<JournalScan> Scanner::run(JournalPosition from) {
  FIRTH_TRY(scan_.files, list_journal_files(files_, directory_));
  scan_.end = scan_.synced = from;
  FIRTH_TRY(auto next, first_frame(from));
  while (next.has_value()) {
    FIRTH_TRY(next, read_frame(*next));
  }
  scan_.generation = highest_generation_;
  return std::move(scan_);
}

}  // namespace

Result<JournalScan> scan_journal(runtime::Files& files, std::string_view directory, const JournalSettings& settings, JournalPosition from,
                                 FrameSink& sink) {
  return Scanner(files, directory, settings, sink).run(from);
}

}  // namespace firth::log
