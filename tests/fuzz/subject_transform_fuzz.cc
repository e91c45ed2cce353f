// Source, destination and subject come from configs and API requests: "source\ndestination\nsubject". What is accepted can be applied, and
// what it makes of a subject that the source takes follows the rules of matching.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "subject/match.h"
#include "subject/syntax.h"
#include "subject/transform.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firth::subject;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto line = [&] {
    const std::string_view taken = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(taken.size() == rest.size() ? taken.size() : taken.size() + 1);
    return taken;
  };
  const std::string_view source = line();
  const std::string_view destination = line();
  if (is_valid_filter(source) && is_valid_filter(rest)) {
    if (matches(source, rest)) FIRTH_ASSERT(overlaps(source, rest) && overlaps(rest, source));
    if (is_subset(source, rest)) FIRTH_ASSERT(overlaps(source, rest));
  }
  for (const auto use : {Transform::Use::kMapping, Transform::Use::kImport}) {
    const auto transform = Transform::make(source, destination, use);
    if (transform) static_cast<void>(transform->apply(rest, 12345));
  }
  return 0;
}
