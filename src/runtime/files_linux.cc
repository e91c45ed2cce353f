// The real file system. Every call is repeated after EINTR and after a short transfer, every descriptor is close-on-exec.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "runtime/descriptor.h"
#include "runtime/files.h"
#include "runtime/system_error.h"

namespace firth::runtime {
namespace {

constexpr std::size_t kPartsPerWrite = 64;  // a journal frame's parts; more gain nothing
constexpr mode_t kFileMode = 0640;
constexpr mode_t kDirectoryMode = 0750;

template <class Call>
auto retry_interrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class LinuxFile final : public File {
 public:
  LinuxFile(std::string path, Descriptor descriptor) : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  Result<std::size_t> read_at(std::uint64_t position, MutableBytes out) const override {
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t got = retry_interrupted(
          [&] { return ::pread(descriptor_.get(), out.data() + done, out.size() - done, static_cast<off_t>(position + done)); });
      if (got < 0) return system_error("read", path_, errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<void> write_at(std::uint64_t position, std::span<const ByteView> parts) override {
    std::size_t skip = 0;  // bytes of parts.front() that are written
    while (!parts.empty()) {
      std::array<iovec, kPartsPerWrite> vectors;
      const std::size_t count = std::min(parts.size(), vectors.size());
      std::size_t wanted = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const ByteView part = parts[i].subspan(i == 0 ? skip : 0);
        vectors[i] = {const_cast<std::byte*>(part.data()), part.size()};
        wanted += part.size();
      }
      if (wanted == 0) {
        parts = parts.subspan(count);
        skip = 0;
        continue;
      }
      const ssize_t put = retry_interrupted(
          [&] { return ::pwritev(descriptor_.get(), vectors.data(), static_cast<int>(count), static_cast<off_t>(position)); });
      if (put < 0) return system_error("write", path_, errno);
      if (put == 0) return system_error("write", path_, EIO);  // POSIX allows it; going on would spin
      position += static_cast<std::uint64_t>(put);
      std::size_t left = skip + static_cast<std::size_t>(put);
      while (!parts.empty() && left >= parts.front().size()) {
        left -= parts.front().size();
        parts = parts.subspan(1);
      }
      skip = left;
    }
    return {};
  }

  // Not repeated after EINTR: whether the kernel has dropped the error of a page by then is not documented.
  Result<void> sync_data() override {
    if (::fdatasync(descriptor_.get()) != 0) return system_error("sync", path_, errno);
    return {};
  }

  // A hint: what goes wrong shows in the sync, whose error state this flag leaves alone.
  void start_writeout(std::uint64_t position, std::uint64_t length) override {
    (void)::sync_file_range(descriptor_.get(), static_cast<off64_t>(position), static_cast<off64_t>(length), SYNC_FILE_RANGE_WRITE);
  }

  Result<std::uint64_t> size() const override {
    struct stat status;
    if (::fstat(descriptor_.get(), &status) != 0) return system_error("stat", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> truncate(std::uint64_t size) override {
    if (retry_interrupted([&] { return ::ftruncate(descriptor_.get(), static_cast<off_t>(size)); }) != 0)
      return system_error("truncate", path_, errno);
    return {};
  }

 private:
  const std::string path_;
  const Descriptor descriptor_;
};

int flags_of(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kReadWrite:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT | O_EXCL;
    case OpenMode::kCreateOrReplace:
      return O_RDWR | O_CREAT | O_TRUNC;
  }
  std::unreachable();
}

Result<Descriptor> open_descriptor(const std::string& path, int flags) {
  Descriptor descriptor(retry_interrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, kFileMode); }));
  if (!descriptor.valid()) return system_error("open", path, errno);
  return descriptor;
}

bool is_directory(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// The kernel draws it at its start. Where it cannot be read, it stays zero: equal to none, so that the careful way is gone.
BootId read_boot_id() {
  BootId id;
  const auto descriptor = open_descriptor("/proc/sys/kernel/random/boot_id", O_RDONLY);
  std::array<char, 64> text{};
  if (!descriptor.ok() || ::read(descriptor->get(), text.data(), text.size()) <= 0) return id;
  std::size_t digits = 0;
  for (const char c : text) {
    std::uint8_t digit = 0;
    if (std::from_chars(&c, &c + 1, digit, 16).ec != std::errc{} || digits == 2 * id.bytes.size()) continue;
    std::byte& byte = id.bytes[digits++ / 2];
    byte = byte << 4 | std::byte{digit};
  }
  return digits == 2 * id.bytes.size() ? id : BootId{};
}

class LinuxFiles final : public Files {
 public:
  BootId boot_id() const override { return boot_id_; }

  Result<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) override {
    std::string name(path);
    FIRTH_TRY(Descriptor descriptor, open_descriptor(name, flags_of(mode)));
    return std::unique_ptr<File>(std::make_unique<LinuxFile>(std::move(name), std::move(descriptor)));
  }

  Result<void> rename(std::string_view from, std::string_view to) override {
    if (std::rename(std::string(from).c_str(), std::string(to).c_str()) != 0)
      return system_error("rename", std::string(from).append(" to ").append(to), errno);
    return {};
  }

  Result<void> remove(std::string_view path) override {
    if (std::remove(std::string(path).c_str()) != 0) return system_error("remove", path, errno);
    return {};
  }

  Result<void> make_directory(std::string_view path) override {
    const std::string name(path);
    if (::mkdir(name.c_str(), kDirectoryMode) == 0) return {};
    const int error = errno;
    if (error == EEXIST && is_directory(name)) return {};
    return system_error("make directory", path, error);
  }

  Result<void> sync_directory(std::string_view path) override {
    FIRTH_TRY(const Descriptor descriptor, open_descriptor(std::string(path), O_RDONLY | O_DIRECTORY));
    if (::fsync(descriptor.get()) != 0) return system_error("sync directory", path, errno);
    return {};
  }

  Result<void> sync_filesystem(std::string_view path) override {
    FIRTH_TRY(const Descriptor descriptor, open_descriptor(std::string(path), O_RDONLY));
    if (::syncfs(descriptor.get()) != 0) return system_error("sync filesystem of", path, errno);
    return {};
  }

  Result<std::vector<DirectoryEntry>> list(std::string_view path) override {
    const std::string name(path);
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(name.c_str()), ::closedir);
    if (directory == nullptr) return system_error("list", path, errno);
    std::vector<DirectoryEntry> entries;
    for (;;) {
      errno = 0;
      const dirent* const entry = ::readdir(directory.get());
      if (entry == nullptr) break;
      const std::string_view entry_name = entry->d_name;
      if (entry_name == "." || entry_name == "..") continue;
      // Some file systems do not tell the type here, and a link is what it points to.
      const bool unclear = entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK;
      const bool directory_entry = unclear ? is_directory(std::string(name).append("/").append(entry_name)) : entry->d_type == DT_DIR;
      entries.push_back({std::string(entry_name), directory_entry});
    }
    if (errno != 0) return system_error("list", path, errno);
    std::ranges::sort(entries, {}, &DirectoryEntry::name);
    return entries;
  }

  Result<bool> exists(std::string_view path) override {
    if (::faccessat(AT_FDCWD, std::string(path).c_str(), F_OK, AT_EACCESS) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return system_error("look for", path, errno);
  }

  Result<std::uint64_t> free_bytes(std::string_view path) override {
    struct statvfs status;
    if (::statvfs(std::string(path).c_str(), &status) != 0) return system_error("ask for free space of", path, errno);
    return std::uint64_t{status.f_bavail} * status.f_frsize;
  }

  Result<std::unique_ptr<File>> lock(std::string_view path) override {
    std::string name(path);
    FIRTH_TRY(Descriptor descriptor, open_descriptor(name, O_RDWR | O_CREAT));
    if (retry_interrupted([&] { return ::flock(descriptor.get(), LOCK_EX | LOCK_NB); }) != 0) {
      if (errno == EWOULDBLOCK) return Error{Errc::kUnavailable, "lock " + name + ": another process holds it"};
      return system_error("lock", path, errno);
    }
    return std::unique_ptr<File>(std::make_unique<LinuxFile>(std::move(name), std::move(descriptor)));
  }

 private:
  const BootId boot_id_ = read_boot_id();
};

}  // namespace

std::unique_ptr<Files> make_files() { return std::make_unique<LinuxFiles>(); }

}  // namespace firth::runtime
