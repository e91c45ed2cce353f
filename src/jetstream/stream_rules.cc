#include "jetstream/stream_rules.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "broker/captured_subjects.h"
#include "jetstream/config_limits.h"

namespace firth::jetstream {
namespace {

using broker::Discard;
using broker::Retention;
using broker::TopicConfig;
using enum ApiErrorName;
using namespace std::chrono_literals;
using C = TopicConfig;

constexpr std::int64_t kMaxReplicas = 5;
constexpr std::chrono::nanoseconds kDefaultWindow = 2min;
constexpr std::chrono::nanoseconds kLeastTime = 100ms;

ApiError invalid(std::string text) { return {kStreamConfig, std::move(text)}; }

struct Rule {
  bool (*broken)(const C&);
  ApiErrorName error;
  const char* text;
};
constexpr Rule kRules[] = {
    {[](const C& c) { return c.description.size() > kMaxDescriptionBytes; }, kStreamConfig,
     "stream description is too long, maximum allowed is 4096"},
    {[](const C& c) { return metadata_bytes(c.metadata) > kMaxMetadataBytes; }, kStreamConfig,
     "stream metadata exceeds maximum size of 131072 bytes"},
    {[](const C& c) { return c.replicas > kMaxReplicas; }, kStreamConfig, "maximum replicas is 5"},
    {[](const C& c) { return c.replicas < 0; }, kNegativeReplicas, ""},
    {[](const C& c) { return c.max_age < 0ns; }, kStreamConfig, "max age can not be negative"},
    {[](const C& c) { return c.max_age != 0ns && c.max_age < kLeastTime; }, kStreamConfig, "max age needs to be >= 100ms"},
    {[](const C& c) { return c.duplicate_window < 0ns; }, kStreamConfig, "duplicates window can not be negative"},
    {[](const C& c) { return c.max_age != 0ns && c.duplicate_window > c.max_age; }, kStreamConfig,
     "duplicates window can not be larger then max age"},
    {[](const C& c) { return c.duplicate_window != 0ns && c.duplicate_window < kLeastTime; }, kStreamConfig,
     "duplicates window needs to be >= 100ms"},
    {[](const C& c) { return c.deny_purge && c.allow_rollup_hdrs; }, kStreamConfig, "roll-ups require the purge permission"},
    {[](const C& c) { return c.discard_new_per_subject && c.discard != Discard::kNew; }, kStreamConfig,
     "discard new per subject requires discard new policy to be set"},
    {[](const C& c) { return c.discard_new_per_subject && c.max_msgs_per_subject <= 0; }, kStreamConfig,
     "discard new per subject requires max msgs per subject > 0"},
    {[](const C& c) { return c.durability == log::Durability::kOs && c.storage != broker::Storage::kFile; }, kStreamConfig,
     "async persist mode is only supported on file storage"},
};

struct Constant {
  bool (*broken)(const C& before, const C& after);
  const char* text;
};
constexpr Constant kConstants[] = {
    {[](const C& a, const C& b) { return a.storage != b.storage; }, "stream configuration update can not change storage type"},
    {[](const C& a, const C& b) {
       return a.retention != b.retention && (a.retention == Retention::kWorkQueue || b.retention == Retention::kWorkQueue);
     },
     "stream configuration update can not change retention policy to/from workqueue"},
    {[](const C& a, const C& b) { return a.sealed && !b.sealed; }, "stream configuration update can not unseal a sealed stream"},
    {[](const C& a, const C& b) { return a.deny_delete && !b.deny_delete; },
     "stream configuration update can not cancel deny message deletes"},
    {[](const C& a, const C& b) { return a.deny_purge && !b.deny_purge; }, "stream configuration update can not cancel deny purge"},
    {[](const C& a, const C& b) { return a.durability != b.durability; }, "stream configuration update can not change persist mode"},
};

}  // namespace

ApiCheck complete_stream(std::string_view name, C& config) {
  if (!is_name(name)) return invalid("stream name is required and can not contain '.', '*', '>', '\\', '/'");
  if (name.size() > kMaxNameBytes) return invalid(fmt::format("stream name is too long, maximum allowed is {}", kMaxNameBytes));
  if (config.replicas == 0) config.replicas = 1;
  for (std::int64_t* limit :
       {&config.max_consumers, &config.max_msgs, &config.max_bytes, &config.max_msgs_per_subject, &config.max_msg_size})
    if (*limit <= 0) *limit = -1;
  if (config.duplicate_window == 0ns)
    config.duplicate_window = config.max_age > 0ns ? std::min(config.max_age, kDefaultWindow) : kDefaultWindow;
  for (const Rule& rule : kRules)
    if (rule.broken(config)) return ApiError{rule.error, rule.text};
  if (config.subjects.empty() && config.origin == broker::Origin::kNats) config.subjects = {std::string(name)};
  if (const auto checked = broker::check_captured_subjects(config); !checked.ok()) return invalid(checked.error().text);
  if (config.replicas > 1) return ApiError{kReplicas};
  return std::nullopt;
}

ApiCheck check_new_stream(const C& config) {
  if (config.sealed) return invalid("stream configuration for create can not be sealed");
  if (config.mirror_direct) return invalid("stream has no mirror but does have mirror direct");
  return std::nullopt;
}

ApiCheck complete_update(const C& before, C& after) {
  for (const Constant& constant : kConstants)
    if (constant.broken(before, after)) return invalid(constant.text);
  if (!after.sealed) return std::nullopt;
  after.max_age = 0ns;
  after.discard = Discard::kNew;
  after.deny_delete = after.deny_purge = true;
  after.allow_rollup_hdrs = false;
  return std::nullopt;
}

}  // namespace firth::jetstream
