#include "nats/connect_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <variant>

namespace firth::nats {

namespace {

namespace json = boost::json;

using Member = std::variant<bool ConnectOptions::*, std::int64_t ConnectOptions::*, std::string ConnectOptions::*>;
struct Row {
  std::string_view name;
  Member member;
};
const Row kRows[] = {
    {"verbose", &ConnectOptions::verbose},
    {"pedantic", &ConnectOptions::pedantic},
    {"echo", &ConnectOptions::echo},
    {"tls_required", &ConnectOptions::tls_required},
    {"headers", &ConnectOptions::headers},
    {"no_responders", &ConnectOptions::no_responders},
    {"new_account", &ConnectOptions::new_account},
    {"protocol", &ConnectOptions::protocol},
    {"name", &ConnectOptions::name},
    {"lang", &ConnectOptions::language},
    {"version", &ConnectOptions::version},
    {"user", &ConnectOptions::user},
    {"pass", &ConnectOptions::password},
    {"auth_token", &ConnectOptions::token},
    {"nkey", &ConnectOptions::nkey},
    {"jwt", &ConnectOptions::jwt},
    {"sig", &ConnectOptions::signature},
    {"proxy_sig", &ConnectOptions::proxy_signature},
    {"account", &ConnectOptions::account},
};

bool equal_in_any_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool assign(bool& to, const json::value& from) {
  if (!from.is_bool()) return false;
  to = from.get_bool();
  return true;
}
bool assign(std::int64_t& to, const json::value& from) {
  if (!from.is_int64()) return false;
  to = from.get_int64();
  return true;
}
bool assign(std::string& to, const json::value& from) {
  if (!from.is_string()) return false;
  to = std::string_view(from.get_string());
  return true;
}

}  // namespace

Result<void> read_connect(std::string_view text, ConnectOptions& options) {
  std::array<unsigned char, 4096> memory;
  json::monotonic_resource resource(memory.data(), memory.size());
  json::parse_options lenient;
  lenient.allow_invalid_utf8 = true;
  json::error_code failure;
  const json::value parsed = json::parse(text, failure, &resource, lenient);
  if (failure) return Error{Errc::kInvalid, fmt::format("CONNECT: {}", failure.message())};
  if (parsed.is_null()) return {};
  if (!parsed.is_object()) return Error{Errc::kInvalid, "CONNECT: not a JSON object"};
  for (const auto& [key, value] : parsed.get_object()) {
    const auto row = std::ranges::find_if(kRows, [&](const Row& candidate) { return equal_in_any_case(candidate.name, key); });
    if (row == std::end(kRows) || value.is_null()) continue;
    const bool assigned = std::visit([&](auto member) { return assign(options.*member, value); }, row->member);
    if (!assigned) return Error{Errc::kInvalid, fmt::format("CONNECT: {} has another type", row->name)};
  }
  return {};
}

ProtocolError problem_of(const ConnectOptions& options) {
  // Clients could once choose their account; nats-server 2.15 takes it for an attempt to break in.
  if (options.new_account || !options.account.empty()) return ProtocolError::kAuthorizationViolation;
  if (options.protocol < 0 || options.protocol > 1) return ProtocolError::kInvalidClientProtocol;
  if (options.no_responders && !options.headers) return ProtocolError::kNoRespondersNeedHeaders;
  return ProtocolError::kNone;
}

}  // namespace firth::nats
