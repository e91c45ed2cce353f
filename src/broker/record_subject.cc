#include "broker/record_subject.h"

#include <fmt/core.h>

#include <algorithm>

#include "subject/match.h"
#include "subject/syntax.h"

namespace firth::broker {
namespace {

constexpr std::string_view kBucketTopic = "KV_";
constexpr std::string_view kKeyField = "{key}";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

// Any bytes as tokens of a subject, each differently: '%' alone is an empty token, "%-" the null key.
std::string encoded(const std::optional<ByteView>& key) {
  if (!key.has_value()) return "%-";
  std::string out;
  const std::string_view text = as_text(*key);
  for (subject::TokenCursor cursor(text); cursor.next();) {
    const std::string_view token = cursor.token();
    if (token.empty()) out += '%';
    const bool wildcard = token == subject::kAnyToken || token == subject::kAnyRest;
    for (const char c : token) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte <= ' ' || byte >= 0x7F || c == '%' || wildcard) out += fmt::format("%{:02X}", byte);
      else out += c;
    }
    if (!cursor.last()) out += subject::kSeparator;
  }
  return out;
}

}  // namespace

RecordSubject::RecordSubject(const Topic& topic, PartitionIndex partition)
    : origin_(topic.config.origin), subjects_(topic.config.subjects) {
  if (origin_ == Origin::kNats && topic.name.starts_with(kBucketTopic)) {
    std::string prefix = fmt::format("$KV.{}.", topic.name.substr(kBucketTopic.size()));
    if (subjects_.size() == 1 && subjects_[0] == prefix + ">") prefix_ = std::move(prefix);
  }
  if (subjects_.size() == 1 && subject::is_valid_literal(subjects_[0])) only_subject_ = subjects_[0];
  template_ = replaced(topic.config.subject_template, "{topic}", encoded(as_bytes(topic.name)));
  template_ = replaced(std::move(template_), "{partition}", std::to_string(partition.value()));
}

void RecordSubject::encode(log::ByteWriter& to) const {
  to.fixed(static_cast<std::uint8_t>(origin_));
  for (const std::string& text : {prefix_, only_subject_, template_}) to.prefixed(text);
}

RecordSubject RecordSubject::decode(log::ByteReader& from) {
  RecordSubject subject;
  subject.origin_ = from.fixed<std::uint8_t>() == static_cast<std::uint8_t>(Origin::kNats) ? Origin::kNats : Origin::kKafka;
  for (std::string* text : {&subject.prefix_, &subject.only_subject_, &subject.template_}) *text = from.text();
  return subject;
}

bool RecordSubject::is_same_mapping(const RecordSubject& other) const {
  return origin_ == other.origin_ && prefix_ == other.prefix_ && only_subject_ == other.only_subject_ && template_ == other.template_;
}

std::string_view RecordSubject::key_of(std::string_view subject) const {
  if (!prefix_.empty() && subject.starts_with(prefix_)) subject.remove_prefix(prefix_.size());
  return subject;
}

std::string RecordSubject::from_template(const std::optional<ByteView>& key) const {
  return template_.find(kKeyField) == std::string::npos ? template_ : replaced(template_, kKeyField, encoded(key));
}

std::string RecordSubject::subject_of(const log::BatchView& batch, const std::optional<ByteView>& key) const {
  if (origin_ == Origin::kKafka) return batch.is_nats_born() && key.has_value() ? std::string(as_text(*key)) : from_template(key);
  if (!key.has_value()) return only_subject_;
  return prefix_ + std::string(as_text(*key));
}

std::vector<std::string> RecordSubject::filters() const {
  if (origin_ == Origin::kNats) return subjects_;
  std::string filter;
  for (subject::TokenCursor cursor(template_); cursor.next();) {
    if (cursor.token().find(kKeyField) != std::string_view::npos) return {filter + std::string(subject::kAnyRest)};
    filter += cursor.token();
    if (!cursor.last()) filter += subject::kSeparator;
  }
  return {std::move(filter)};
}

Result<std::string> RecordSubject::check(const std::optional<ByteView>& key) const {
  if (origin_ == Origin::kKafka) return from_template(key);
  if (!key.has_value()) {
    if (!only_subject_.empty()) return only_subject_;
    return Error{Errc::kInvalid, "a record without a key needs a stream whose only subject is a literal one"};
  }
  std::string subject = prefix_ + std::string(as_text(*key));
  const bool covered = subject::is_valid_literal(subject) && std::any_of(subjects_.begin(), subjects_.end(), [&](const auto& filter) {
                         return subject::matches(filter, subject);
                       });
  if (!covered) return Error{Errc::kInvalid, "the key of a record in a stream must be a subject that the stream's subjects cover"};
  return subject;
}

}  // namespace firth::broker
