#include "subject/transform.h"

#include <fmt/core.h>

#include "subject/match.h"
#include "subject/syntax.h"
#include "subject/transform_function.h"

namespace firth::subject {

namespace {

struct Shape {
  bool valid = true;
  bool any_rest = false;
  std::vector<std::string_view> tokens;
  std::vector<std::int64_t> wildcards;  // indices of the tokens that are '*'
};

// Looser than is_valid_filter: the real server accepts blanks here.
Shape shape_of(std::string_view subject) {
  Shape shape;
  for (TokenCursor cursor(subject); cursor.next();) {
    const std::string_view token = cursor.token();
    if (token.empty() || shape.any_rest) shape.valid = false;
    if (token == kAnyRest) shape.any_rest = true;
    if (token == kAnyToken) shape.wildcards.push_back(static_cast<std::int64_t>(shape.tokens.size()));
    shape.tokens.push_back(token);
  }
  return shape;
}

// From "the Nth wildcard" to "the token at". nats-server 2.15 takes $0 and negative numbers for the first token; so do we.
Result<void> resolve_wildcards(Transform::Part& part, const Shape& source, std::string_view token) {
  for (std::int64_t& wildcard : part.wildcards) {
    if (wildcard > static_cast<std::int64_t>(source.wildcards.size()))
      return destination_error("wildcard index out of range", fmt::format("{}: [{}]", token, wildcard));
    wildcard = wildcard < 1 ? 0 : source.wildcards[static_cast<std::size_t>(wildcard - 1)];
  }
  return {};
}

// A source without wildcards gives only functions without wildcards something to work on.
bool works_without_wildcards(Transform::Function function) {
  return function == Transform::Function::kNone || function == Transform::Function::kRandom || function == Transform::Function::kPartition;
}

std::uint32_t partition_of(const Transform::Part& part, std::string_view subject, const std::vector<std::string_view>& tokens) {
  if (part.number == 0) return 0;
  std::string key;
  for (const std::int64_t index : part.wildcards) key += tokens[static_cast<std::size_t>(index)];
  return fnv1a(part.wildcards.empty() ? subject : key) % static_cast<std::uint32_t>(part.number);
}

std::uint32_t random_below(std::int32_t bound, std::uint32_t random) {
  const std::int64_t magnitude = bound < 0 ? -std::int64_t{bound} : bound;
  return magnitude == 0 ? 0 : static_cast<std::uint32_t>((random >> 1) % magnitude);
}

}  // namespace

std::uint32_t fnv1a(std::string_view text) {
  std::uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

Result<Transform> Transform::make(std::string_view source, std::string_view destination, Use use) {
  Transform transform;
  transform.source_ = source.empty() || destination.empty() ? kAnyRest : source;
  transform.destination_ = destination.empty() ? kAnyRest : destination;
  const Shape from = shape_of(transform.source_);
  const Shape to = shape_of(transform.destination_);
  if (!from.valid || !to.valid || !to.wildcards.empty() || from.any_rest != to.any_rest) return Error{Errc::kInvalid, "invalid subject"};
  transform.source_tokens_ = from.tokens.size();

  const bool literal = from.wildcards.empty() && !from.any_rest;
  std::size_t wildcards_used = 0;
  for (const std::string_view token : to.tokens) {
    FIRTH_TRY(Part part, parse_part(token));
    if (literal) {
      if (!works_without_wildcards(part.function)) return destination_error("wildcard index out of range", token);
      part.wildcards.clear();
    } else {
      if (use == Use::kImport && part.function != Function::kNone && part.function != Function::kWildcard)
        return destination_error("the only mapping function allowed for import transforms is {{Wildcard()}}", token);
      wildcards_used += part.wildcards.size();
      FIRTH_CHECK(resolve_wildcards(part, from, token));
    }
    transform.parts_.push_back(std::move(part));
  }
  if (use == Use::kImport && wildcards_used < from.wildcards.size())
    return destination_error("not using all of the token wildcard(s)", transform.destination_);
  return transform;
}

std::optional<std::string> Transform::apply(std::string_view subject, std::uint32_t random) const {
  if (source_ == kAnyRest && destination_ == kAnyRest) return std::string(subject);
  if (has_empty_token(subject) || has_wildcard(subject) || !matches(source_, subject)) return std::nullopt;
  std::vector<std::string_view> tokens;
  for (TokenCursor cursor(subject); cursor.next();) tokens.push_back(cursor.token());

  std::string out;
  for (const Part& part : parts_) {
    if (&part != &parts_.front()) out += kSeparator;
    switch (part.function) {
      case Function::kNone:
        if (part.text == kAnyRest) {  // the last part: everything that the source's '>' took
          const std::string_view rest = tokens[source_tokens_ - 1];
          out += subject.substr(static_cast<std::size_t>(rest.data() - subject.data()));
        } else {
          out += part.text;
        }
        break;
      case Function::kPartition:
        out += fmt::format("{}", partition_of(part, subject, tokens));
        break;
      case Function::kRandom:
        out += fmt::format("{}", random_below(part.number, random));
        break;
      default:
        append_applied(out, part, tokens[static_cast<std::size_t>(part.wildcards.front())]);
    }
  }
  return out;
}

}  // namespace firth::subject
