// Requests in JSON, read as the real server reads them: one table row a field, an unknown field is an error, null leaves a field as it is.
#pragma once

#include <array>
#include <boost/json/fwd.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "jetstream/api_errors.h"

namespace firth::jetstream {

// False: the value is of another type.
bool read(const boost::json::value& value, bool& to);
bool read(const boost::json::value& value, std::int64_t& to);
bool read(const boost::json::value& value, std::uint64_t& to);
bool read(const boost::json::value& value, std::chrono::nanoseconds& to);
bool read(const boost::json::value& value, std::string& to);
bool read(const boost::json::value& value, std::map<std::string, std::string>& to);
bool read(const boost::json::value& value, std::vector<std::string>& to);
bool read(const boost::json::value& value, std::vector<std::chrono::nanoseconds>& to);
// RFC 3339, since 1970; what lies before is 0, as "0001-01-01T00:00:00Z" is no time.
bool read_time(const boost::json::value& value, std::int64_t& to_ns);

// What Go's zero values become: null, false, 0, "", no time, an empty array, an object of nothing else. A client that sends all members of
// a configuration asks for nothing by them.
bool is_zero(const boost::json::value& value);

// The enumerators are numbered as their words stand in the table; "" stands for the first.
template <class Enum, std::size_t N>
bool read_word(const boost::json::value& value, const std::array<std::string_view, N>& words, Enum& to) {
  std::string text;
  if (!read(value, text)) return false;
  for (std::size_t i = 0; i < N; ++i) {
    if (text != words[i]) continue;
    to = static_cast<Enum>(i);
    return true;
  }
  return false;
}

template <class Request>
struct JsonField {
  std::string_view name;
  bool (*read)(const boost::json::value&, Request&);
};

// kInvalidJson: not an object. An empty body has no members.
std::expected<boost::json::object, ApiError> parse_object(std::string_view body);
ApiError unknown_field(std::string_view name);
ApiError wrong_value(std::string_view name);

// Gives each member that is not null to `take`.
enum class Taken : std::uint8_t { kYes, kUnknownField, kWrongValue };
using TakeMember = std::function<Taken(std::string_view name, const boost::json::value& value)>;
std::expected<void, ApiError> take_members(const boost::json::object& members, const TakeMember& take);
// The same with those of a body; one that is no object has none.
std::expected<void, ApiError> take_optional_body(std::string_view body, const TakeMember& take);

template <class Request>
TakeMember by_fields(std::span<const JsonField<Request>> fields, Request& to) {
  return [fields, &to](std::string_view name, const boost::json::value& value) {
    for (const JsonField<Request>& field : fields)
      if (field.name == name) return field.read(value, to) ? Taken::kYes : Taken::kWrongValue;
    return Taken::kUnknownField;
  };
}

template <class Request>
std::expected<void, ApiError> read_members(const boost::json::object& members,
                                           std::type_identity_t<std::span<const JsonField<Request>>> fields, Request& to) {
  return take_members(members, by_fields<Request>(fields, to));
}

// What most requests of the API do: they may say nothing.
template <class Request>
std::expected<Request, ApiError> read_optional(std::string_view body, std::type_identity_t<std::span<const JsonField<Request>>> fields) {
  Request request{};
  if (const auto read = take_optional_body(body, by_fields<Request>(fields, request)); !read.has_value())
    return std::unexpected(read.error());
  return request;
}

std::string quoted(std::string_view text);
// RFC 3339 with what nanoseconds there are.
std::string format_time(std::int64_t time_ns);

}  // namespace firth::jetstream
