#include "broker/captured_subjects.h"

#include <fmt/core.h>

#include <algorithm>

#include "subject/match.h"
#include "subject/syntax.h"

namespace firth::broker {
namespace {

// Subjects of the server itself: what is stored and acknowledged there would answer the requests of others. `except` may be stored.
struct Reserved {
  std::string_view subjects, except;
  const char* text;
};
constexpr Reserved kReserved[] = {
    {"$JS.>", "$JS.EVENT.", "subjects that overlap with jetstream api require no-ack to be true"},
    {"$JSC.>", {}, "subjects that overlap with jetstream api require no-ack to be true"},
    {"$NRG.>", {}, "subjects that overlap with jetstream api require no-ack to be true"},
    {"$SYS.>", "$SYS.ACCOUNT.", "subjects that overlap with system api require no-ack to be true"},
};

bool is_reserved(const Reserved& reserved, std::string_view subject) {
  return subject::overlaps(subject, reserved.subjects) && (reserved.except.empty() || !subject.starts_with(reserved.except));
}

}  // namespace

Result<void> check_captured_subjects(const TopicConfig& config) {
  const std::vector<std::string>& subjects = config.subjects;
  for (auto subject = subjects.begin(); subject != subjects.end(); ++subject) {
    if (!subject::is_valid_filter(*subject)) return Error{Errc::kInvalid, "invalid subject"};
    if (*subject == ">" && !config.no_ack) return Error{Errc::kInvalid, "capturing all subjects requires no-ack to be true"};
    for (const Reserved& reserved : kReserved)
      if (!config.no_ack && is_reserved(reserved, *subject)) return Error{Errc::kInvalid, reserved.text};
    for (auto other = subject + 1; other != subjects.end(); ++other)
      if (subject::overlaps(*subject, *other))
        return Error{Errc::kInvalid, fmt::format("subject \"{}\" overlaps with \"{}\"", *subject, *other)};
  }
  return {};
}

bool capture_overlaps(const TopicConfig& a, const TopicConfig& b) {
  return std::any_of(a.subjects.begin(), a.subjects.end(), [&](const auto& ours) {
    return std::any_of(b.subjects.begin(), b.subjects.end(), [&](const auto& theirs) { return subject::overlaps(ours, theirs); });
  });
}

TopicPointer find_subject_overlap(const CatalogView& catalog, std::string_view account, std::string_view name, const TopicConfig& config) {
  for (const auto& [key, topic] : catalog.by_name()) {
    if (key.first != account || key.second == collision_name(name)) continue;
    if (capture_overlaps(topic->config, config)) return topic;
  }
  return nullptr;
}

}  // namespace firth::broker
