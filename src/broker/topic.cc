#include "broker/topic.h"

#include <fmt/core.h>

#include <algorithm>

namespace firth::broker {
namespace {

constexpr std::size_t kMaxTopicNameBytes = 249;

bool is_legal(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

Result<void> check_topic_name(std::string_view name) {
  if (name.empty()) return Error{Errc::kInvalid, "Topic name is invalid: the empty string is not allowed"};
  if (name == "." || name == "..") return Error{Errc::kInvalid, fmt::format("Topic name is invalid: '{}' is not allowed", name)};
  if (name.size() > kMaxTopicNameBytes)
    return Error{Errc::kInvalid, fmt::format("Topic name is invalid: the length of '{}' is longer than the max allowed length {}", name,
                                             kMaxTopicNameBytes)};
  if (!std::all_of(name.begin(), name.end(), is_legal))
    return Error{Errc::kInvalid, fmt::format("Topic name is invalid: '{}' contains one or more characters other than ASCII alphanumerics, "
                                             "'.', '_' and '-'",
                                             name)};
  return {};
}

std::string collision_name(std::string_view name) {
  std::string folded(name);
  std::replace(folded.begin(), folded.end(), '.', '_');
  return folded;
}

std::string stream_name(std::string_view topic_name, PartitionIndex partition) {
  std::string name = collision_name(topic_name);
  return partition == PartitionIndex(0) ? name : fmt::format("{}@{}", name, partition.value());
}

}  // namespace firth::broker
