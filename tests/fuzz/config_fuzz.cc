// Whatever stands in a config file: it is read, or refused with a text. An include reads the same text again, a variable is found at times.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "cli/config_keys.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firth;
  constexpr std::size_t kLongest = 4096;
  const std::string text(reinterpret_cast<const char*>(data), size < kLongest ? size : kLongest);
  int reads = 0;
  const cli::ConfigSources sources{
      .read_file = [&](const std::string& path) -> Result<std::string> {
        if (path.size() % 2 == 0 || ++reads > 4) return Error{Errc::kNotFound, "no such file"};
        return text.substr(text.size() / 2);
      },
      .environment = [&](const std::string& name) { return name.size() % 2 == 0 ? std::nullopt : std::optional(name); },
  };
  cli::ServerConfig config;
  std::vector<std::string> warnings;
  const auto read = cli::read_config(text, "fuzz.conf", sources, config, warnings);
  FIRTH_ASSERT(read || !read.error().text.empty());
  return 0;
}
