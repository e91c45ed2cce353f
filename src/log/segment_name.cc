#include "log/segment_name.h"

#include <charconv>

namespace firth::log {
namespace {

constexpr std::size_t kBaseDigits = 20;

// Only the one spelling that segment_path writes.
template <class T>
std::optional<T> parse_number(std::string_view digits) {
  T value{};
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || rest != digits.data() + digits.size() || digits[0] == '-') return std::nullopt;
  return value;
}

}  // namespace

std::string segment_path(std::string_view directory, const SegmentName& name, std::string_view ending) {
  const std::string base = std::to_string(name.base.value());
  std::string path(directory);
  path += '/';
  path.append(kBaseDigits - base.size(), '0').append(base);
  if (name.generation != 0) path.append(1, '.').append(std::to_string(name.generation));
  return path.append(ending);
}

std::optional<SegmentName> parse_segment_file(std::string_view file, std::string_view ending) {
  if (!file.ends_with(ending) || file.size() < kBaseDigits + ending.size()) return std::nullopt;
  const auto base = parse_number<std::int64_t>(file.substr(0, kBaseDigits));
  if (!base) return std::nullopt;
  SegmentName name{.base = Offset(*base)};
  std::string_view middle = file.substr(kBaseDigits, file.size() - kBaseDigits - ending.size());
  if (middle.empty()) return name;
  if (middle.size() < 2 || middle[0] != '.' || middle[1] == '0') return std::nullopt;
  const auto generation = parse_number<std::uint32_t>(middle.substr(1));
  if (!generation) return std::nullopt;
  name.generation = *generation;
  return name;
}

}  // namespace firth::log
