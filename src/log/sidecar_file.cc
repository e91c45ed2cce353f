#include "log/sidecar_file.h"

#include <array>

namespace firth::log {

using runtime::OpenMode;

Result<std::vector<std::byte>> SidecarFile::read_all() const {
  auto file = files_->open(path_, OpenMode::kRead);
  if (!file.ok() && file.error().code == Errc::kNotFound) return std::vector<std::byte>();
  if (!file.ok()) return std::move(file).error();
  FIRTH_TRY(const std::uint64_t size, (*file)->size());
  std::vector<std::byte> bytes(size);
  FIRTH_TRY(const std::size_t read, (*file)->read_at(0, bytes));
  bytes.resize(read);
  return bytes;
}

Result<void> SidecarFile::start_anew() {
  FIRTH_TRY(file_, files_->open(path_, OpenMode::kCreateOrReplace));
  size_ = 0;
  return {};
}

Result<void> SidecarFile::append(ByteView bytes) {
  if (!file_) {
    if (size_ == 0) {
      FIRTH_CHECK(start_anew());
    } else {
      FIRTH_TRY(file_, files_->open(path_, OpenMode::kReadWrite));
      FIRTH_CHECK(file_->truncate(size_));
    }
  }
  const std::array parts{bytes};
  FIRTH_CHECK(file_->write_at(size_, parts));
  size_ += bytes.size();
  return {};
}

Result<void> SidecarFile::sync() { return file_ ? file_->sync_data() : Result<void>(); }

}  // namespace firth::log
