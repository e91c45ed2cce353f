#include "log/manifest.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/crc32c.h"
#include "base/log.h"
#include "base/mark.h"
#include "log/byte_io.h"
#include "log/write_again.h"

namespace firth::log {
namespace {

constexpr std::uint64_t kFileMagic = 0x464E414D48545246;  // "FRTHMANF"
constexpr std::uint64_t kFileVersion = 1;
constexpr std::size_t kFileHeaderBytes = 16;
constexpr std::uint32_t kRecordMagic = 0x4345524D;  // "MREC"
constexpr std::size_t kRecordHeaderBytes = 21;
constexpr std::size_t kRecordAlignment = 8;
constexpr std::uint32_t kMaxBodyBytes = 1u << 30;
constexpr std::uint64_t kRewriteAbove = 1024 * 1024;  // a short manifest is not worth a rewrite
constexpr std::size_t kReadBytes = 1024 * 1024;

constexpr std::string_view kName = "manifest", kPrevious = "manifest.previous", kNew = "manifest.new";

// On disk: never renumbered.
enum class RecordKind : std::uint8_t { kPartition = 1, kPiece = 2, kPieceGone = 3, kPartitionGone = 4, kReplayFrom = 5 };

constexpr std::size_t record_bytes(std::size_t body_bytes) {
  return (kRecordHeaderBytes + body_bytes + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

std::uint32_t record_crc(std::uint64_t position, std::uint32_t length, std::uint64_t synced, std::uint8_t kind, ByteView body) {
  ByteWriter front;
  front.fixed(position);
  front.fixed(length);
  front.fixed(synced);
  front.fixed(kind);
  return crc32c(body, crc32c(front.view()));
}

// `position` is where the record will stand in the file, of which all below `synced` is synced already.
void put_record(ByteWriter& out, std::uint64_t position, std::uint64_t synced, std::uint8_t kind, ByteView body) {
  const std::size_t begin = out.size();
  const auto length = static_cast<std::uint32_t>(body.size());
  out.fixed(kRecordMagic);
  out.fixed(length);
  out.fixed(record_crc(position, length, synced, kind, body));
  out.fixed(synced);
  out.fixed(kind);
  out.raw(body);
  while ((out.size() - begin) % kRecordAlignment != 0) out.fixed(std::uint8_t{0});
}

struct Record {
  std::uint64_t synced;
  std::uint8_t kind;
  ByteView body;
  std::size_t bytes;
};

// The record at the front of `bytes`, which lie at `position` of the file.
bool get_record(ByteView bytes, std::uint64_t position, Record& record) {
  if (bytes.size() < kRecordHeaderBytes || load_le<std::uint32_t>(bytes.data()) != kRecordMagic) return false;
  const auto length = load_le<std::uint32_t>(bytes.data() + 4);
  if (length > kMaxBodyBytes || record_bytes(length) > bytes.size()) return false;
  record = {.synced = load_le<std::uint64_t>(bytes.data() + 12),
            .kind = static_cast<std::uint8_t>(bytes[20]),
            .body = bytes.subspan(kRecordHeaderBytes, length),
            .bytes = record_bytes(length)};
  return record_crc(position, length, record.synced, record.kind, record.body) == load_le<std::uint32_t>(bytes.data() + 8);
}

Result<SharedBytes> read_whole(const runtime::File& file) {
  FIRTH_TRY(const std::uint64_t size, file.size());
  SharedBytes bytes = SharedBytes::allocate(size);
  std::size_t read = 0;
  while (read < size) {
    const MutableBytes part = bytes.writable().subspan(read);
    FIRTH_TRY(const std::size_t count, file.read_at(read, part.first(std::min(part.size(), kReadBytes))));
    if (count == 0) break;
    read += count;
  }
  return bytes.slice(0, read);
}

ByteWriter file_header() {
  ByteWriter header;
  header.fixed(kFileMagic);
  header.fixed(kFileVersion);
  return header;
}

bool is_manifest(ByteView bytes) {
  return bytes.size() >= kFileHeaderBytes && load_le<std::uint64_t>(bytes.data()) == kFileMagic &&
         load_le<std::uint64_t>(bytes.data() + 8) == kFileVersion;
}

}  // namespace

void ManifestBatch::put_partition(const PartitionKey& partition, GroupId group, FrameIndex applied, ByteView state) {
  ByteWriter body;
  body.partition(partition);
  body.fixed(group.value());
  body.fixed(applied.value());
  body.prefixed(state);
  records_.push_back({static_cast<std::uint8_t>(RecordKind::kPartition), body.take()});
}

void ManifestBatch::put_piece(const PartitionKey& partition, const PieceKey& piece, FrameIndex applied, ByteView bytes) {
  ByteWriter body;
  body.partition(partition);
  body.fixed(piece.kind);
  body.prefixed(piece.id);
  body.fixed(applied.value());
  body.prefixed(bytes);
  records_.push_back({static_cast<std::uint8_t>(RecordKind::kPiece), body.take()});
}

void ManifestBatch::remove_piece(const PartitionKey& partition, const PieceKey& piece) {
  ByteWriter body;
  body.partition(partition);
  body.fixed(piece.kind);
  body.prefixed(piece.id);
  records_.push_back({static_cast<std::uint8_t>(RecordKind::kPieceGone), body.take()});
}

void ManifestBatch::remove_partition(const PartitionKey& partition) {
  ByteWriter body;
  body.partition(partition);
  records_.push_back({static_cast<std::uint8_t>(RecordKind::kPartitionGone), body.take()});
}

void ManifestBatch::set_replay_from(JournalPosition position) {
  ByteWriter body;
  body.fixed(position.value());
  records_.push_back({static_cast<std::uint8_t>(RecordKind::kReplayFrom), body.take()});
}

// Builds what the records of a file say, one after the other.
class Manifest::Loader {
 public:
  explicit Loader(Opened& opened) : opened_(opened) {}

  // Applies all good records below the torn tail. Only what a later record calls synced is damage; what is bad above was cut off by a
  // power failure, and nobody relied on it or on what follows it.
  void load(const SharedBytes& file) {
    std::vector<std::pair<std::uint64_t, Record>> records;
    std::vector<std::uint64_t> bad;  // where a run of bytes begins that is no record
    std::uint64_t synced = 0, end = kFileHeaderBytes;
    for (std::uint64_t position = kFileHeaderBytes; position + kRecordHeaderBytes <= file.size();) {
      Record record;
      if (get_record(file.view().subspan(position), position, record)) {
        records.emplace_back(position, record);
        synced = std::max(synced, record.synced);
        position += record.bytes;
        end = position;
      } else {
        if (bad.empty() || bad.back() < end) bad.push_back(position);
        position += kRecordAlignment;
      }
    }
    const auto torn = std::find_if(bad.begin(), bad.end(), [&](std::uint64_t at) { return at >= synced; });
    opened_.bad_records = static_cast<std::uint32_t>(torn - bad.begin());
    if (torn != bad.end()) end = std::min(end, *torn);
    Manifest& manifest = opened_.manifest;
    manifest.begin_account(end, synced);
    for (const auto& [position, record] : records) {
      if (position >= end) break;
      apply(static_cast<RecordKind>(record.kind), record.body, file);
      manifest.note(record.kind, record.body, {position, static_cast<std::uint32_t>(record.bytes)});
    }
  }

 private:
  void apply(RecordKind kind, ByteView body, const SharedBytes& file) {
    ByteReader in(body);
    switch (kind) {
      case RecordKind::kPartition: {
        StoredPartition& stored = opened_.partitions[in.partition()];
        stored.group = GroupId(in.fixed<std::uint32_t>());
        stored.applied = FrameIndex(in.fixed<std::uint64_t>());
        stored.state = part(in.prefixed(), file);
        break;
      }
      case RecordKind::kPiece: {
        StoredPartition& stored = opened_.partitions[in.partition()];
        const auto piece_kind = in.fixed<std::uint16_t>();
        const std::string id(in.text());
        stored.gone_pieces.erase({piece_kind, id});
        StoredPiece& piece = stored.pieces[{piece_kind, id}];
        piece.applied = FrameIndex(in.fixed<std::uint64_t>());
        piece.bytes = part(in.prefixed(), file);
        break;
      }
      case RecordKind::kPieceGone: {
        StoredPartition& stored = opened_.partitions[in.partition()];
        const auto piece_kind = in.fixed<std::uint16_t>();
        const PieceKey gone{.kind = piece_kind, .id = std::string(in.text())};
        stored.pieces.erase(gone);
        stored.gone_pieces.insert(gone);
        break;
      }
      case RecordKind::kPartitionGone:
        opened_.partitions.erase(in.partition());
        break;
      case RecordKind::kReplayFrom:
        opened_.replay_from = std::max(opened_.replay_from, JournalPosition(in.fixed<std::uint64_t>()));
        break;
    }
    FIRTH_ASSERT(in.ok());  // the CRC held: this is what we wrote
  }
  static SharedBytes part(ByteView bytes, const SharedBytes& file) {
    return bytes.empty() ? SharedBytes() : file.slice(static_cast<std::size_t>(bytes.data() - file.data()), bytes.size());
  }

  Opened& opened_;
};

std::string Manifest::path(std::string_view name) const { return fmt::format("{}/{}", directory_, name); }

// Of a file of that length, of which no record is noted yet.
void Manifest::begin_account(std::uint64_t end, std::uint64_t synced) {
  end_ = end;
  synced_ = synced;
  live_.clear();
  live_bytes_ = 0;
  replay_from_ = {};
}

void Manifest::forget(const Subject& subject) {
  const auto found = live_.find(subject);
  if (found == live_.end()) return;
  live_bytes_ -= found->second.bytes;
  live_.erase(found);
}

// Keeps account of which records are live, and where.
void Manifest::note(std::uint8_t kind, ByteView body, Place place) {
  ByteReader in(body);
  if (static_cast<RecordKind>(kind) == RecordKind::kReplayFrom) {
    live_bytes_ += place.bytes - replay_from_.bytes;
    replay_from_ = place;
    return;
  }
  Subject subject{.partition = in.partition(), .piece_kind = 0, .piece_id = {}};
  if (static_cast<RecordKind>(kind) == RecordKind::kPartitionGone) {
    for (auto at = live_.lower_bound(subject); at != live_.end() && at->first.partition == subject.partition;) {
      live_bytes_ -= at->second.bytes;
      at = live_.erase(at);
    }
    return;
  }
  if (static_cast<RecordKind>(kind) != RecordKind::kPartition) {
    subject.piece_kind = in.fixed<std::uint16_t>();
    subject.piece_id = in.text();
  }
  forget(subject);
  if (static_cast<RecordKind>(kind) == RecordKind::kPieceGone) return;
  live_[subject] = place;
  live_bytes_ += place.bytes;
}

Result<void> Manifest::load(std::string_view name, Loader& loader) const {
  FIRTH_TRY(const auto file, files_->open(path(name), runtime::OpenMode::kRead));
  FIRTH_TRY(const SharedBytes bytes, read_whole(*file));
  if (!is_manifest(bytes.view())) return Error{Errc::kCorrupt, fmt::format("{}: not a manifest of version {}", path(name), kFileVersion)};
  loader.load(bytes);
  return {};
}

Result<Manifest::Opened> Manifest::read(runtime::Files& files, std::string_view directory) {
  Opened opened{.manifest = Manifest(files, directory), .partitions = {}, .replay_from = {}};
  Manifest& manifest = opened.manifest;
  FIRTH_TRY(const bool there, files.exists(manifest.path(kName)));
  Loader loader(opened);
  // Between the two renames of a rewrite, the previous one is whole.
  FIRTH_CHECK(manifest.load(there ? kName : kPrevious, loader));
  if (opened.bad_records == 0 || !there) return opened;
  FIRTH_TRY(const bool previous, files.exists(manifest.path(kPrevious)));
  if (previous) {
    // A rewrite copies the newest record of each subject only. The older ones stand in the file before it, whose end is what was copied.
    opened.partitions.clear();
    FIRTH_CHECK(manifest.load(kPrevious, loader));
    FIRTH_CHECK(manifest.load(kName, loader));
  }
  return opened;
}

Result<Manifest::Opened> Manifest::open(runtime::Files& files, std::string_view directory) {
  Manifest fresh(files, directory);
  FIRTH_TRY(const bool there, files.exists(fresh.path(kName)));
  FIRTH_TRY(const bool previous, files.exists(fresh.path(kPrevious)));
  if (!there && !previous) {
    FIRTH_CHECK(fresh.start_with({}, {}));
    return Opened{.manifest = std::move(fresh), .partitions = {}, .replay_from = {}};
  }
  if (!there) {
    FIRTH_MARK("log.manifest.rewrite_cut_off");
    FIRTH_CHECK(files.rename(fresh.path(kPrevious), fresh.path(kName)));
    FIRTH_CHECK(files.sync_directory(directory));
  }
  FIRTH_TRY(Opened opened, read(files, directory));
  if (opened.bad_records > 0) {
    FIRTH_MARK("log.manifest.bad_record");
    log_error("{}: {} damaged records; older ones stand in their place", fresh.path(kName), opened.bad_records);
    FIRTH_CHECK(opened.manifest.start_with(opened.partitions, opened.replay_from));
  } else {
    FIRTH_TRY(opened.manifest.file_, files.open(fresh.path(kName), runtime::OpenMode::kReadWrite));
    FIRTH_CHECK(opened.manifest.secure_tail());
  }
  return opened;
}

// What was read is about to be relied on, and nothing that was not may ever be read as what follows.
Result<void> Manifest::secure_tail() {
  FIRTH_TRY(const std::uint64_t size, file_->size());
  if (size > end_) FIRTH_CHECK(file_->truncate(end_));
  if (size > end_ || synced_ < end_) FIRTH_CHECK(write_again(*file_, synced_, end_));
  return {};
}

// A new file that says so much. Its last record says that the others are synced: what is bad in them later is damage.
Result<void> Manifest::start_with(const StoredPartitions& partitions, JournalPosition replay_from) {
  ManifestBatch all, last;
  for (const auto& [key, stored] : partitions) {
    if (!stored.state.empty()) all.put_partition(key, stored.group, stored.applied, stored.state.view());
    for (const auto& [piece, bytes] : stored.pieces) all.put_piece(key, piece, bytes.applied, bytes.bytes.view());
  }
  last.set_replay_from(replay_from);
  FIRTH_TRY(file_, files_->open(path(kNew), runtime::OpenMode::kCreateOrReplace));
  const ByteWriter header = file_header();
  FIRTH_CHECK(file_->write_at(0, std::array{header.view()}));
  begin_account(kFileHeaderBytes, kFileHeaderBytes);
  FIRTH_CHECK(append(all));
  FIRTH_CHECK(append(last));
  FIRTH_CHECK(files_->rename(path(kNew), path(kName)));
  return files_->sync_directory(directory_);
}

Result<void> Manifest::commit(const ManifestBatch& batch) {
  if (failed_) FIRTH_CHECK(rewrite());  // the pages of the file that failed are not to be trusted; those of another one are
  failed_ = true;                       // until all of it is synced
  FIRTH_CHECK(append(batch));
  if (end_ > kRewriteAbove && end_ > 2 * live_bytes_) FIRTH_CHECK(rewrite());
  failed_ = false;
  return {};
}

Result<void> Manifest::append(const ManifestBatch& batch) {
  ByteWriter out;
  for (const ManifestBatch::Record& record : batch.records_) put_record(out, end_ + out.size(), end_, record.kind, record.body);
  FIRTH_CHECK(file_->write_at(end_, std::array{out.view()}));
  FIRTH_CHECK(file_->sync_data());
  std::uint64_t position = end_;
  for (const ManifestBatch::Record& record : batch.records_) {
    const std::size_t bytes = record_bytes(record.body.size());
    note(record.kind, record.body, {position, static_cast<std::uint32_t>(bytes)});
    position += bytes;
  }
  end_ = position;
  return {};
}

Result<void> Manifest::rewrite() {
  FIRTH_MARK("log.manifest.rewrite");
  FIRTH_TRY(auto file, files_->open(path(kNew), runtime::OpenMode::kCreateOrReplace));
  ByteWriter out = file_header();
  const auto copy = [&](Place& place, std::uint64_t synced) -> Result<void> {
    std::vector<std::byte> bytes(place.bytes);
    FIRTH_TRY(const std::size_t read, file_->read_at(place.position, bytes));
    Record record;
    if (read != bytes.size() || !get_record(bytes, place.position, record))
      return Error{Errc::kCorrupt, fmt::format("{}: the record at {} is damaged", path(kName), place.position)};
    place.position = out.size();
    put_record(out, place.position, synced, record.kind, record.body);
    return {};
  };
  std::map<Subject, Place> moved = live_;
  Place replay_from = replay_from_;
  for (auto& [subject, place] : moved) FIRTH_CHECK(copy(place, 0));
  FIRTH_CHECK(file->write_at(0, std::array{out.view()}));
  FIRTH_CHECK(file->sync_data());
  if (replay_from.bytes > 0) {
    // The last record says that the others are synced: what is bad in them later is damage.
    const std::size_t others = out.size();
    FIRTH_CHECK(copy(replay_from, others));
    FIRTH_CHECK(file->write_at(others, std::array{out.view().subspan(others)}));
    FIRTH_CHECK(file->sync_data());
  }
  FIRTH_TRY(const bool there, files_->exists(path(kName)));  // not after a rewrite that failed between the two
  if (there) FIRTH_CHECK(files_->rename(path(kName), path(kPrevious)));
  FIRTH_CHECK(files_->rename(path(kNew), path(kName)));
  FIRTH_CHECK(files_->sync_directory(directory_));
  file_ = std::move(file);
  end_ = out.size();
  live_ = std::move(moved);
  replay_from_ = replay_from;
  return {};
}

}  // namespace firth::log
