#include "log/segment.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/mark.h"

namespace firth::log {

using runtime::OpenMode;

namespace {

Result<void> remove_if_there(runtime::Files& files, const std::string& path) {
  auto removed = files.remove(path);
  if (!removed.ok() && removed.error().code == Errc::kNotFound) return {};
  return removed;
}

}  // namespace

Segment::Segment(runtime::Files& files, std::string_view directory, const SegmentDescription& description, const SegmentSettings& settings)
    : files_(&files),
      directory_(directory),
      settings_(settings),
      durable_(description),
      size_(description.length),
      next_offset_(description.next_offset),
      max_timestamp_ms_(description.max_timestamp_ms),
      writeout_position_(description.length),
      offset_file_(files, segment_path(directory, description.name, kOffsetIndexEnding)),
      time_file_(files, segment_path(directory, description.name, kTimeIndexEnding)) {}

Segment::~Segment() = default;

Result<std::unique_ptr<Segment>> Segment::create(runtime::Files& files, std::string_view directory, const SegmentName& name,
                                                 const SegmentSettings& settings) {
  std::unique_ptr<Segment> segment(new Segment(files, directory, {.name = name, .next_offset = name.base}, settings));
  FIRTH_CHECK(remove_if_there(files, segment->path(kSealEnding)));
  FIRTH_CHECK(remove_if_there(files, segment->path(kSubjectsEnding)));
  FIRTH_CHECK(segment->offset_file_.start_anew());
  FIRTH_CHECK(segment->time_file_.start_anew());
  FIRTH_TRY(segment->log_, files.open(segment->path(), OpenMode::kCreateOrReplace));
  segment->is_new_ = true;
  segment->index_.emplace(SegmentIndex::Settings{name.base, settings.index_interval_bytes});
  return segment;
}

std::unique_ptr<Segment> Segment::open(runtime::Files& files, std::string_view directory, const SegmentDescription& description,
                                       const SegmentSettings& settings) {
  return std::unique_ptr<Segment>(new Segment(files, directory, description, settings));
}

bool Segment::has_room_for(std::uint64_t bytes, Offset last_offset) const {
  constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();  // positions and relative offsets of Kafka's indexes
  if (!takes_batches() || last_offset - base() > kMax || size_ + bytes > kMax) return false;
  return size_ == 0 || size_ + bytes <= settings_.segment_bytes;
}

Result<bool> Segment::is_over_age(std::int64_t timestamp_ms) {
  if (size_ == 0 || settings_.segment_ms == std::numeric_limits<std::int64_t>::max()) return false;
  if (!first_timestamp_ms_) {
    FIRTH_CHECK(open_log());
    std::array<std::byte, kBatchHeaderBytes> header;
    FIRTH_TRY(const std::size_t read, log_->read_at(0, header));
    const bool is_batch = read == header.size() && look_at_batch(header) != BatchFront::kBad;
    first_timestamp_ms_ = is_batch ? BatchView(header).max_timestamp_ms() : kNoTimestamp;
  }
  return *first_timestamp_ms_ >= 0 && timestamp_ms > *first_timestamp_ms_ && timestamp_ms - *first_timestamp_ms_ > settings_.segment_ms;
}

Result<void> Segment::append(std::span<const ByteView> parts) {
  FIRTH_ASSERT(!closed());
  if (failed_) return Error{Errc::kStorage, path() + ": not written any more since a sync of it failed"};
  FIRTH_CHECK(load());
  if (size_ == 0 && !parts.empty()) first_timestamp_ms_ = BatchView(parts.front()).max_timestamp_ms();
  FIRTH_CHECK(log_->write_at(size_, parts));
  for (ByteView part : parts) {
    while (!part.empty()) {
      FIRTH_ASSERT(look_at_batch(part) == BatchFront::kWhole);
      const BatchView batch(part);
      index_->add(batch, size_);
      size_ += batch.size();
      part = part.subspan(batch.size());
    }
  }
  FIRTH_ASSERT(size_ <= std::numeric_limits<std::int32_t>::max());
  next_offset_ = index_->next_offset();
  max_timestamp_ms_ = std::max(max_timestamp_ms_, index_->max_timestamp_ms());
  const std::uint64_t full_chunks = (size_ - writeout_position_) / settings_.writeout_chunk_bytes * settings_.writeout_chunk_bytes;
  if (full_chunks != 0) {
    log_->start_writeout(writeout_position_, full_chunks);
    writeout_position_ += full_chunks;
  }
  return {};
}

SegmentDescription Segment::describe() const {
  return {.name = name(), .length = size_, .next_offset = next_offset_, .max_timestamp_ms = max_timestamp_ms_, .sealed = sealed()};
}

Result<void> Segment::write_new_entries() {
  std::vector<std::byte> entries;
  index_->offsets().encode(offset_file_.size() / OffsetIndex::kEntryBytes, entries);
  if (!entries.empty()) FIRTH_CHECK(offset_file_.append(entries));
  entries.clear();
  index_->times().encode(time_file_.size() / TimeIndex::kEntryBytes, entries);
  if (!entries.empty()) FIRTH_CHECK(time_file_.append(entries));
  return {};
}

Result<SegmentDescription> Segment::flush() {
  if (index_ && !closed()) FIRTH_CHECK(write_new_entries());  // a closed one's are the seal's
  return describe();
}

void Segment::mark_durable(const SegmentDescription& flushed) {
  FIRTH_ASSERT(flushed.name == name());
  FIRTH_ASSERT(flushed.length >= durable_.length);
  FIRTH_ASSERT(flushed.length <= size_);
  const bool was_sealed = sealed();
  durable_ = flushed;
  durable_.sealed |= was_sealed;
  is_new_ = false;
}

void Segment::fail() {
  FIRTH_MARK("log.segment.failed");
  failed_ = true;
  read_on_.reset();
}

Result<void> Segment::sync_files() {
  if (log_) FIRTH_CHECK(log_->sync_data());
  FIRTH_CHECK(offset_file_.sync());
  FIRTH_CHECK(time_file_.sync());
  return is_new_ ? files_->sync_directory(directory_) : Result<void>();
}

Result<void> Segment::sync() {
  if (failed_) return Error{Errc::kStorage, path() + ": a sync of it failed before"};
  FIRTH_TRY(const SegmentDescription flushed, flush());
  auto synced = sync_files();
  if (!synced.ok()) {
    fail();
    return synced;
  }
  mark_durable(flushed);
  return {};
}

void Segment::close() {
  FIRTH_ASSERT(!sealed());
  closed_ = true;
  offset_file_.close();
  time_file_.close();
}

Result<SealOrder> Segment::seal_order() {
  FIRTH_ASSERT(closed() && !sealed());
  FIRTH_ASSERT(!failed_);
  FIRTH_CHECK(load());
  index_->close();
  SealOrder order{.directory = directory_,
                  .segment = describe(),
                  .index_interval_bytes = settings_.index_interval_bytes,
                  .offset_index = {},
                  .time_index = {},
                  .headers = std::nullopt};
  order.segment.sealed = true;
  index_->offsets().encode(0, order.offset_index);
  index_->times().encode(0, order.time_index);
  if (index_->saw_all_batches()) order.headers = index_->header_sum();
  return order;
}

void Segment::end_seal(const SealOrder& order, const Result<void>& outcome) {
  if (failed_) return;  // meanwhile, by a sync of others: what this one says is not to be believed
  if (outcome.ok()) {
    durable_ = order.segment;
    is_new_ = false;
  } else if (outcome.error().code == Errc::kStorage) {
    fail();
  }
}

Result<void> Segment::seal() {
  if (failed_) return Error{Errc::kStorage, path() + ": a sync of it failed before"};
  close();
  FIRTH_TRY(const SealOrder order, seal_order());
  auto outcome = carry_out_seal(*files_, order);
  end_seal(order, outcome);
  return outcome;
}

Result<void> Segment::remove() {
  log_.reset();
  offset_file_.close();
  time_file_.close();
  return remove_segment_files(*files_, directory_, name());
}

Result<void> remove_segment_files(runtime::Files& files, std::string_view directory, const SegmentName& name) {
  for (const std::string_view ending : kSegmentEndings) FIRTH_CHECK(remove_if_there(files, segment_path(directory, name, ending)));
  return {};
}

void Segment::drop_idle_caches() {
  if (!sealed() || std::exchange(was_read_, false)) return;  // an open one's index has entries that are not written yet
  index_.reset();
  log_.reset();
  read_on_.reset();
}

}  // namespace firth::log
