// Limits that the configs of streams and of consumers share.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace firth::jetstream {

inline constexpr std::size_t kMaxNameBytes = 255;
inline constexpr std::size_t kMaxDescriptionBytes = 4096;
inline constexpr std::size_t kMaxMetadataBytes = std::size_t{128} * 1024;

inline bool is_name(std::string_view name) { return !name.empty() && name.find_first_of(". \t\r\n\f*>/\\") == std::string_view::npos; }

inline std::size_t metadata_bytes(const std::map<std::string, std::string>& metadata) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : metadata) bytes += key.size() + value.size();
  return bytes;
}

}  // namespace firth::jetstream
