#include "cli/config_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "cli/duration.h"

namespace firth::cli {

namespace {

template <class T>
const T* read(std::string_view key, std::string_view wanted, const ConfigValue& value, ConfigProblems& problems) {
  const T* const found = std::get_if<T>(&value.data);
  // The real server shows a failed conversion of its own language here; what is wrong and where is the same.
  if (found == nullptr) problems.error(value.position, fmt::format("{} must be {}, not {}", key, wanted, kind_of(value)));
  return found;
}

template <class T>
std::optional<T> copy(const T* found) {
  return found == nullptr ? std::nullopt : std::optional<T>(*found);
}

}  // namespace

void ConfigProblems::error(const ConfigPosition& position, std::string_view text) {
  errors.push_back(fmt::format("{}: {}", to_string(position), text));
}

void ConfigProblems::warning(const ConfigPosition& position, std::string_view text) {
  warnings.push_back(fmt::format("{}: {}", to_string(position), text));
}

bool equal_in_any_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<bool> read_boolean(std::string_view key, const ConfigValue& value, ConfigProblems& problems) {
  return copy(read<bool>(key, "a boolean", value, problems));
}

std::optional<std::int64_t> read_integer(std::string_view key, const ConfigValue& value, ConfigProblems& problems) {
  return copy(read<std::int64_t>(key, "an integer", value, problems));
}

std::optional<std::string> read_string(std::string_view key, const ConfigValue& value, ConfigProblems& problems) {
  return copy(read<std::string>(key, "a string", value, problems));
}

std::optional<std::int64_t> read_storage_size(std::string_view key, const ConfigValue& value, ConfigProblems& problems) {
  const auto* const text = std::get_if<std::string>(&value.data);
  if (text == nullptr) return read_integer(key, value, problems);
  constexpr std::string_view kSuffixes = "KMGT";
  const std::size_t power = text->empty() ? std::string_view::npos : kSuffixes.find(text->back());
  std::int64_t bytes = 0;
  const char* const end = text->data() + text->size() - (power == std::string_view::npos ? 0 : 1);
  const auto [rest, error] = std::from_chars(text->data(), end, bytes);
  const int shift = power == std::string_view::npos ? 0 : static_cast<int>(power + 1) * 10;
  if (error == std::errc{} && rest == end && !__builtin_mul_overflow(bytes, std::int64_t{1} << shift, &bytes)) return bytes;
  problems.error(value.position, fmt::format("{} must be a size like \"4G\", not '{}'", key, *text));
  return std::nullopt;
}

const ConfigMap* read_map(std::string_view key, const ConfigValue& value, ConfigProblems& problems) {
  return read<ConfigMap>(key, "a map", value, problems);
}

std::optional<std::chrono::nanoseconds> read_duration(std::string_view key, const ConfigValue& value, ConfigProblems& problems) {
  if (const auto* const text = std::get_if<std::string>(&value.data)) {
    const auto duration = parse_duration(*text);
    if (duration) return *duration;
    problems.error(value.position, fmt::format("error parsing {}: {}", key, duration.error().text));
    return std::nullopt;
  }
  const auto* const seconds = std::get_if<std::int64_t>(&value.data);
  constexpr std::int64_t kMostSeconds = std::chrono::nanoseconds::max().count() / 1'000'000'000;
  if (seconds != nullptr && *seconds >= -kMostSeconds && *seconds <= kMostSeconds) {
    problems.warning(value.position, fmt::format("invalid use of field \"{0}\": {0} should be converted to a duration", key));
    return std::chrono::seconds(*seconds);
  }
  problems.error(value.position, fmt::format("{} must be a duration like \"2m\", not {}", key, kind_of(value)));
  return std::nullopt;
}

std::optional<Address> read_address(const ConfigValue& value, std::string_view default_host, ConfigProblems& problems) {
  if (const auto* const port = std::get_if<std::int64_t>(&value.data)) {
    if (*port >= kRandomPort && *port <= 65535) return Address{std::string(default_host), static_cast<int>(*port)};
    problems.error(value.position, fmt::format("port {} is out of range", *port));
    return std::nullopt;
  }
  const auto* const text = std::get_if<std::string>(&value.data);
  if (text == nullptr) {
    problems.error(value.position, fmt::format("expected port or host:port, got {}", kind_of(value)));
    return std::nullopt;
  }
  auto address = parse_address(*text);
  if (!address) {
    problems.error(value.position, address.error().text);
    return std::nullopt;
  }
  if (address->host.empty()) address->host = default_host;
  return *std::move(address);
}

Result<Address> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::size_t bracket = text.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
    return Error{Errc::kInvalid, fmt::format("could not parse address string \"{}\"", text)};
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::string_view digits = text.substr(colon + 1);
  Address address{std::string(host), 0};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (error != std::errc{} || end != digits.data() + digits.size() || address.port < kRandomPort || address.port > 65535)
    return Error{Errc::kInvalid, fmt::format("could not parse port \"{}\"", digits)};
  return address;
}

}  // namespace firth::cli
