#include "log/write_again.h"

#include <algorithm>
#include <array>
#include <vector>

namespace firth::log {

Result<void> write_again(runtime::File& file, std::uint64_t from, std::uint64_t to) {
  constexpr std::uint64_t kPartBytes = 1024 * 1024;
  std::vector<std::byte> bytes(std::min(kPartBytes, to - from));
  while (from < to) {
    const MutableBytes part(bytes.data(), std::min<std::uint64_t>(bytes.size(), to - from));
    FIRTH_TRY(const std::size_t read, file.read_at(from, part));
    if (read == 0) break;
    FIRTH_CHECK(file.write_at(from, std::array{ByteView(part.first(read))}));
    from += read;
  }
  return file.sync_data();
}

}  // namespace firth::log
