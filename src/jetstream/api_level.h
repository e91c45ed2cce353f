// Versions of the JetStream API (ADR-44): what a response says of itself in its metadata, and requests that ask for more than is served.
//
// The level is 0: nothing of what later levels stand for (message TTLs, counters, batches, schedules) is served.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace firth::jetstream {

inline constexpr int kApiLevel = 0;

// The config's own metadata and what the server adds to it in responses.
std::map<std::string, std::string> with_level_metadata(std::map<std::string, std::string> metadata);
// What a client sends back of that is not stored.
void drop_level_metadata(std::map<std::string, std::string>& metadata);
// The request's headers ask for a level that is not served.
bool asks_for_higher_level(std::string_view headers);

}  // namespace firth::jetstream
