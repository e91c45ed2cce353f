// What readers of a stream ask: the visible state, and the messages it points to.
#include <algorithm>

#include "broker/stream.h"

namespace firth::broker {

using State = StreamIndex::State;

bool Stream::has(Sequence sequence) {
  build();
  return sequence > Sequence(0) && index_.has(State::kVisible, to_offset(sequence));
}

std::optional<std::string> Stream::subject_of(Sequence sequence) {
  if (!has(sequence)) return std::nullopt;
  const std::string* const subject = index_.subject_of(to_offset(sequence));
  return subject == nullptr ? std::nullopt : std::optional(*subject);
}

Result<std::optional<StoredMessage>> Stream::get(Sequence sequence) {
  if (!has(sequence)) return std::optional<StoredMessage>();
  return reader_.read(to_offset(sequence));
}

std::optional<Sequence> Stream::next_sequence(Sequence from, const SubjectFilters& filters) {
  build();
  const auto found = index_.next(State::kVisible, to_offset(std::max(from, Sequence(1))), filters);
  return found.has_value() ? std::optional(to_sequence(*found)) : std::nullopt;
}

Result<std::optional<StoredMessage>> Stream::next(Sequence from, const SubjectFilters& filters) {
  const auto sequence = next_sequence(from, filters);
  if (!sequence.has_value()) return std::optional<StoredMessage>();
  return reader_.read(to_offset(*sequence));
}

std::optional<Sequence> Stream::last_sequence(std::string_view filter) {
  build();
  const auto last =
      filter.empty() ? index_.previous(State::kVisible, index_.visible_end()) : index_.last_of_filter(State::kVisible, filter);
  return last.has_value() ? std::optional(to_sequence(*last)) : std::nullopt;
}

Result<std::optional<StoredMessage>> Stream::last_of(std::string_view subject) {
  const auto last = last_sequence(subject);
  if (!last.has_value()) return std::optional<StoredMessage>();
  return reader_.read(to_offset(*last));
}

std::vector<Sequence> Stream::last_per_subject(const SubjectFilters& filters, const LastBounds& bounds) {
  build();
  const Offset end = bounds.up_to.has_value() ? std::min(to_offset(*bounds.up_to) + 1, index_.visible_end()) : index_.visible_end();
  std::vector<Sequence> last;
  index_.for_each_subject(State::kVisible, [&](const std::string& subject, std::uint64_t) {
    if (last.size() > bounds.at_most || !takes(filters, subject)) return;
    if (const auto found = index_.last_of(State::kVisible, subject, end)) last.push_back(to_sequence(*found));
  });
  std::sort(last.begin(), last.end());
  return last;
}

// Times never run backwards: a search by halves over the offsets.
Sequence Stream::first_at(std::int64_t time_ns) {
  build();
  Offset low = index_.first(State::kVisible).value_or(index_.visible_end());
  Offset high = index_.visible_end();
  while (low < high) {
    const Offset middle = low + (high - low) / 2;
    const auto at = index_.next(State::kVisible, middle);
    if (!at.has_value()) {
      high = middle;
      continue;
    }
    const auto message = reader_.read(*at);
    if (message.ok() && message->has_value() && (*message)->time_ns < time_ns) low = *at + 1;
    else high = middle;
  }
  return to_sequence(low);
}

StreamCounts Stream::counts() {
  build();
  const StreamIndex::Totals& totals = index_.totals(State::kVisible);
  const Sequence last = to_sequence(index_.visible_end() - 1);
  const auto first = index_.first(State::kVisible);
  return {.messages = totals.messages,
          .bytes = totals.bytes,
          .first = first.has_value() ? to_sequence(*first) : last + 1,
          .last = last,
          .subjects = index_.subject_count()};
}

std::uint64_t Stream::pending(Sequence from, const SubjectFilters& filters) {
  build();
  return index_.count(to_offset(std::max(from, Sequence(1))), filters);
}

std::vector<std::pair<std::string, std::uint64_t>> Stream::subjects(std::string_view filter) {
  build();
  const SubjectFilters filters{std::string(filter)};
  std::vector<std::pair<std::string, std::uint64_t>> found;
  index_.for_each_subject(State::kVisible, [&](const std::string& subject, std::uint64_t count) {
    if (takes(filters, subject)) found.emplace_back(subject, count);
  });
  return found;
}

std::vector<Sequence> Stream::erased(std::size_t at_most) {
  std::vector<Sequence> gone;
  const StreamCounts now = counts();
  for (Sequence at = now.first; at <= now.last && gone.size() < at_most; ++at)
    if (!has(at)) gone.push_back(at);
  return gone;
}

}  // namespace firth::broker
