#include "log/journal.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "base/mark.h"

namespace firth::log {
namespace {

constexpr std::uint64_t kWriteoutBytes = 1024 * 1024;

JournalPosition round_up(JournalPosition position, std::uint64_t unit) {
  return JournalPosition((position.value() + unit - 1) / unit * unit);
}

}  // namespace

Result<Journal> Journal::begin(runtime::Files& files, std::string_view directory, const JournalSettings& settings, std::uint64_t generation,
                               JournalPosition end, std::vector<JournalPosition> existing) {
  FIRTH_ASSERT(settings.file_bytes >= 2 * kMaxFrameBytes);
  Journal journal(files, directory, settings, generation, end);
  // Behind every file that exists: frames of the old generation may stand anywhere in those, also in one that was made ahead.
  JournalPosition start = round_up(end, settings.file_bytes);
  if (!existing.empty()) start = std::max(start, existing.back() + settings.file_bytes);
  journal.older_files_.assign(existing.begin(), existing.end());
  FIRTH_TRY(journal.current_, make_journal_file(files, directory, start, settings.file_bytes, JournalSpace::kAppended, std::nullopt));

  const Frame first;
  encode_frame(first, {.generation = generation, .position = start + kJournalHeaderBytes, .previous_end = end, .synced = end},
               journal.encoded_.emplace_back());
  journal.gathered_ = journal.encoded_[0].parts;
  journal.gathered_at_ = start + kJournalHeaderBytes;
  journal.written_ = journal.gathered_at_ + journal.encoded_[0].bytes;
  FIRTH_CHECK(journal.write_gathered());
  FIRTH_CHECK(journal.sync());
  return journal;
}

Result<void> Journal::fail(Error error) {
  failed_ = true;
  log_error("journal {}: writing ends until restart: {}", directory_, error.text);
  return error;
}

Result<void> Journal::write(std::span<const Frame* const> frames, std::vector<JournalPosition>& replay_from) {
  if (failed_) return Error{Errc::kStorage, fmt::format("journal {} has failed", directory_)};
  replay_from.clear();
  gathered_.clear();
  gathered_at_ = written_;
  if (encoded_.size() < frames.size()) encoded_.resize(frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    replay_from.push_back(written_);
    JournalPosition position = written_;
    if (current_.at(position) + encoded_frame_bytes(*frames[i]) > settings_.file_bytes) {
      FIRTH_CHECK(write_gathered());
      FIRTH_CHECK(next_file());
      position = gathered_at_ = current_.start + kJournalHeaderBytes;
    }
    encode_frame(*frames[i], {.generation = generation_, .position = position, .previous_end = written_, .synced = synced_}, encoded_[i]);
    gathered_.insert(gathered_.end(), encoded_[i].parts.begin(), encoded_[i].parts.end());
    written_ = position + encoded_[i].bytes;
  }
  mark_below_ = synced_;
  return write_gathered();
}

Result<void> Journal::write_gathered() {
  if (gathered_.empty()) return {};
  auto written = current_.file->write_at(current_.at(gathered_at_), gathered_);
  gathered_.clear();
  if (!written.ok()) return fail(std::move(written).error());
  return {};
}

// The end of a file is reached: what it holds is synced before the next is used, so that only the current file is ever behind.
Result<void> Journal::next_file() {
  if (auto synced = current_.file->sync_data(); !synced.ok()) return fail(std::move(synced).error());
  older_files_.push_back(current_.start);
  if (spare_.has_value()) {
    current_ = std::move(*spare_);
    spare_.reset();
    return {};
  }
  // A worker may be making the file that comes next; ours is the one behind it, so that the two never share a name. Frames name the end
  // of the frame before them, so a file that was passed over is no gap.
  FIRTH_MARK("log.journal.no_spare");
  const JournalPosition start = current_.start + (spare_ordered_ ? 2 : 1) * settings_.file_bytes;
  auto made = make_journal_file(*files_, directory_, start, settings_.file_bytes, JournalSpace::kAppended, std::nullopt);
  if (!made.ok()) return fail(std::move(made).error());
  current_ = *std::move(made);
  return {};
}

void Journal::start_writeout() {
  const JournalPosition from = std::max({writeout_, synced_, current_.start});  // the file before it was synced whole
  if (failed_ || written_ - from < kWriteoutBytes) return;
  current_.file->start_writeout(current_.at(from), written_ - from);
  writeout_ = written_;
}

Result<void> Journal::sync() {
  if (failed_) return Error{Errc::kStorage, fmt::format("journal {} has failed", directory_)};
  if (auto synced = current_.file->sync_data(); !synced.ok()) return fail(std::move(synced).error());
  FIRTH_ASSERT(synced_ <= written_);
  synced_ = written_;
  return {};
}

Result<void> Journal::write_idle_mark() {
  const Frame mark;
  const Frame* const frames[] = {&mark};
  std::vector<JournalPosition> replay_from;
  return write(frames, replay_from);
}

std::optional<JournalPosition> Journal::take_released_file() {
  if (older_files_.empty() || older_files_.front() + settings_.file_bytes > released_) return std::nullopt;
  const JournalPosition start = older_files_.front();
  older_files_.pop_front();
  return start;
}

std::optional<Journal::SpareOrder> Journal::take_spare_order() {
  if (failed_ || spare_.has_value() || spare_ordered_) return std::nullopt;
  spare_ordered_ = true;
  return SpareOrder{.start = current_.start + settings_.file_bytes, .recycle = take_released_file()};
}

void Journal::add_spare(JournalFile file) {
  spare_ordered_ = false;
  if (file.start > current_.start) spare_ = std::move(file);
  else older_files_.insert(std::upper_bound(older_files_.begin(), older_files_.end(), file.start), file.start);  // came too late
}

void Journal::release(JournalPosition position) {
  FIRTH_ASSERT(position <= written_);
  released_ = std::max(released_, position);
}

}  // namespace firth::log
