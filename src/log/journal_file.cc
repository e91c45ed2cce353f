#include "log/journal_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/crc32c.h"

namespace firth::log {
namespace {

// Header block: magic 8, version u32, CRC u32 of the rest, start u64, file bytes u64; zeroes up to kJournalHeaderBytes.
constexpr std::uint64_t kMagic = 0x4C4E4A4854524946;  // "FIRTHJNL"
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kCheckedFrom = 16;
constexpr std::size_t kHeaderFields = 32;
constexpr std::size_t kNameDigits = 16;

using Header = std::array<std::byte, kHeaderFields>;

Header make_header(JournalPosition start, std::uint64_t file_bytes) {
  Header header;
  store_le(header.data(), kMagic);
  store_le(header.data() + 8, kVersion);
  store_le(header.data() + 16, start.value());
  store_le(header.data() + 24, file_bytes);
  store_le(header.data() + 12, crc32c(ByteView(header).subspan(kCheckedFrom)));
  return header;
}

Result<void> fill_with_zeroes(runtime::File& file, std::uint64_t from, std::uint64_t to) {
  const std::vector<std::byte> zeroes(256 * 1024);
  while (from < to) {
    const ByteView part(zeroes.data(), std::min<std::uint64_t>(zeroes.size(), to - from));
    FIRTH_CHECK(file.write_at(from, std::array{part}));
    from += part.size();
  }
  return {};
}

}  // namespace

std::string journal_file_path(std::string_view directory, JournalPosition start) {
  return fmt::format("{}/{:016x}", directory, start.value());
}

Result<std::vector<JournalPosition>> list_journal_files(runtime::Files& files, std::string_view directory) {
  FIRTH_TRY(const auto entries, files.list(directory));
  std::vector<JournalPosition> starts;
  for (const runtime::DirectoryEntry& entry : entries) {
    std::uint64_t start = 0;
    const char* const end = entry.name.data() + entry.name.size();
    const auto [rest, error] = std::from_chars(entry.name.data(), end, start, 16);
    if (entry.name.size() == kNameDigits && error == std::errc{} && rest == end) starts.emplace_back(start);
  }
  std::sort(starts.begin(), starts.end());
  return starts;
}

Result<JournalFile> open_journal_file(runtime::Files& files, std::string_view directory, JournalPosition start, std::uint64_t file_bytes) {
  const std::string path = journal_file_path(directory, start);
  FIRTH_TRY(auto file, files.open(path, runtime::OpenMode::kReadWrite));
  Header header;
  FIRTH_TRY(const std::size_t read, file->read_at(0, header));
  if (read != header.size() || header != make_header(start, file_bytes))
    return Error{Errc::kCorrupt, fmt::format("{}: not the header of a journal file that starts at {}", path, start.value())};
  return JournalFile{.start = start, .file = std::move(file)};
}

Result<JournalFile> make_journal_file(runtime::Files& files, std::string_view directory, JournalPosition start, std::uint64_t file_bytes,
                                      JournalSpace space, std::optional<JournalPosition> recycle) {
  const std::string path = journal_file_path(directory, start);
  std::unique_ptr<runtime::File> file;
  if (recycle.has_value()) {
    FIRTH_CHECK(files.rename(journal_file_path(directory, *recycle), path));
    FIRTH_TRY(file, files.open(path, runtime::OpenMode::kReadWrite));
  } else {
    FIRTH_TRY(file, files.open(path, runtime::OpenMode::kCreateOrReplace));
    if (space == JournalSpace::kWritten) FIRTH_CHECK(fill_with_zeroes(*file, kHeaderFields, file_bytes));
  }
  const Header header = make_header(start, file_bytes);
  FIRTH_CHECK(file->write_at(0, std::array{ByteView(header)}));
  FIRTH_CHECK(file->sync_data());
  FIRTH_CHECK(files.sync_directory(directory));
  return JournalFile{.start = start, .file = std::move(file)};
}

}  // namespace firth::log
