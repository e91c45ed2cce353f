#include "log/data_directory.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace firth::log {
namespace {

constexpr std::string_view kFirstLine = "firth data 1\n";
constexpr std::string_view kIdKey = "id ";
constexpr std::size_t kIdDigits = 32;

Result<void> make_with_parents(runtime::Files& files, std::string_view path) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part(path.substr(0, slash));
    FIRTH_TRY(const bool there, files.exists(part));
    if (!there) {
      FIRTH_CHECK(files.make_directory(part));
      const std::size_t parent = part.rfind('/');
      FIRTH_CHECK(files.sync_directory(parent == std::string::npos ? "." : parent == 0 ? "/" : part.substr(0, parent)));
    }
    if (slash == std::string_view::npos) return {};
  }
}

Result<void> refuse_foreign(runtime::Files& files, const std::string& path) {
  FIRTH_TRY(const bool kafka, files.exists(path + "/meta.properties"));
  if (kafka)
    return Error{Errc::kUnsupported, fmt::format("{} holds the data of a Kafka broker (meta.properties): give Firth a directory of its own "
                                                 "and copy the topics with MirrorMaker",
                                                 path)};
  FIRTH_TRY(const bool nats, files.exists(path + "/jetstream"));
  if (nats)
    return Error{Errc::kUnsupported, fmt::format("{} holds the data of a nats-server (jetstream/): give Firth a directory of its own and "
                                                 "copy the streams with `nats stream backup` and `restore`",
                                                 path)};
  return {};
}

Result<std::string> read_text(runtime::Files& files, const std::string& path) {
  FIRTH_TRY(const auto file, files.open(path, runtime::OpenMode::kRead));
  std::string text(4096, '\0');
  FIRTH_TRY(const std::size_t read, file->read_at(0, std::as_writable_bytes(std::span(text))));
  text.resize(read);
  return text;
}

std::string make_id(runtime::Random& random) { return fmt::format("{:016x}{:016x}", random.next(), random.next()); }

Result<void> write_format(runtime::Files& files, const DataDirectory& directory) {
  const std::string path = directory.path + "/format";
  FIRTH_TRY(const auto file, files.open(path + ".new", runtime::OpenMode::kCreateOrReplace));
  const std::string text = fmt::format("{}{}{}\n", kFirstLine, kIdKey, directory.id);
  FIRTH_CHECK(file->write_at(0, std::array{as_bytes(text)}));
  FIRTH_CHECK(file->sync_data());
  FIRTH_CHECK(files.rename(path + ".new", path));
  return files.sync_directory(directory.path);
}

Result<void> read_format(std::string_view text, DataDirectory& directory) {
  const std::size_t id_at = kFirstLine.size() + kIdKey.size();
  if (!text.starts_with(kFirstLine) || text.size() != id_at + kIdDigits + 1 || text.substr(kFirstLine.size(), kIdKey.size()) != kIdKey)
    return Error{Errc::kUnsupported,
                 fmt::format("{}/format says \"{}\"; this server reads \"{}\": it was written by a later version", directory.path,
                             text.substr(0, text.find('\n')), kFirstLine.substr(0, kFirstLine.size() - 1))};
  directory.id = text.substr(id_at, kIdDigits);
  return {};
}

}  // namespace

Result<DataDirectory> open_data_directory(runtime::Files& files, runtime::Random& random, std::string_view path) {
  DataDirectory directory;
  directory.path = path;
  FIRTH_CHECK(make_with_parents(files, path));
  FIRTH_CHECK(refuse_foreign(files, directory.path));
  FIRTH_TRY(directory.lock, files.lock(directory.path + "/lock"));
  FIRTH_TRY(const bool there, files.exists(directory.path + "/format"));
  directory.is_new = !there;
  if (there) {
    FIRTH_TRY(const std::string text, read_text(files, directory.path + "/format"));
    FIRTH_CHECK(read_format(text, directory));
    return directory;
  }
  // The rooms first: where there is a format file, all else is there.
  directory.id = make_id(random);
  FIRTH_CHECK(files.make_directory(directory.journal()));
  FIRTH_CHECK(files.make_directory(directory.partitions()));
  FIRTH_CHECK(files.sync_directory(directory.path));
  FIRTH_CHECK(write_format(files, directory));
  return directory;
}

}  // namespace firth::log
