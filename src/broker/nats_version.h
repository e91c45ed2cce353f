// The release of nats-server that we speak like. Clients switch features on by INFO.version, so this is protocol, not vanity.
#pragma once

#include <string_view>

namespace firth::broker {

inline constexpr std::string_view kNatsVersion = "2.15.2";

}  // namespace firth::broker
