#include "broker/captured_subjects.h"

#include <algorithm>

#include "subject/match.h"
#include "subject/syntax.h"

namespace firth::broker {
namespace {

bool overlap(const std::vector<std::string>& a, std::string_view b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& subject) { return subject::overlaps(subject, b); });
}

}  // namespace

Result<void> check_captured_subjects(const TopicConfig& config) {
  const std::vector<std::string>& subjects = config.subjects;
  for (auto subject = subjects.begin(); subject != subjects.end(); ++subject) {
    if (!subject::is_valid_filter(*subject)) return Error{Errc::kInvalid, "invalid subject"};
    for (const std::string_view reserved : {"$JS.>", "$SYS.>"})
      if (subject::overlaps(*subject, reserved) && (!config.no_ack || *subject != ">"))
        return Error{Errc::kInvalid, "subjects that overlap with jetstream api require no-ack to be true"};
    if (overlap({subjects.begin(), subject}, *subject)) return Error{Errc::kInvalid, "subjects overlap with each other"};
  }
  return {};
}

TopicPointer find_subject_overlap(const CatalogView& catalog, std::string_view account, std::string_view name, const TopicConfig& config) {
  for (const auto& [key, topic] : catalog.by_name()) {
    if (key.first != account || key.second == collision_name(name)) continue;
    if (std::any_of(config.subjects.begin(), config.subjects.end(),
                    [&](const auto& ours) { return overlap(topic->config.subjects, ours); }))
      return topic;
  }
  return nullptr;
}

}  // namespace firth::broker
