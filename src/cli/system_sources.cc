#include "cli/system_sources.h"

#include <fmt/core.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>

#include "runtime/files.h"

namespace firth::cli {

namespace {

constexpr std::uint64_t kMostConfigBytes = 16 << 20;

// In the words that a user of nats-server knows for a file that is not there.
Result<std::string> read_file(runtime::Files& files, const std::string& path) {
  auto file = files.open(path, runtime::OpenMode::kRead);
  if (!file && file.error().code == Errc::kNotFound) return Error{Errc::kNotFound, fmt::format("open {}: no such file or directory", path)};
  if (!file) return std::move(file).error();
  FIRTH_TRY(const std::uint64_t bytes, (*file)->size());
  if (bytes > kMostConfigBytes) return Error{Errc::kLimit, fmt::format("{}: {} bytes are too much for a config", path, bytes)};
  std::string text(bytes, '\0');
  FIRTH_TRY(const std::size_t read, (*file)->read_at(0, std::as_writable_bytes(std::span(text))));
  text.resize(read);
  return text;
}

}  // namespace

ConfigSources system_sources(runtime::Files& files) {
  return {.read_file = [&files](const std::string& path) { return read_file(files, path); },
          .environment = [](const std::string& name) -> std::optional<std::string> {
            const char* const value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): before any thread starts
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          }};
}

}  // namespace firth::cli
