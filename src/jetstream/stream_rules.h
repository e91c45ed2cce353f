// What a stream's config must satisfy, in the order in which the real server reports it, and what it fills in before.
#pragma once

#include <string_view>

#include "broker/topic_config.h"
#include "jetstream/api_errors.h"

namespace firth::jetstream {

// Defaults that depend on others, and the rules that hold for every config.
ApiCheck complete_stream(std::string_view name, broker::TopicConfig& config);
// After that, for a new stream.
ApiCheck check_new_stream(const broker::TopicConfig& config);
// And for a change: what must stay, and what follows from sealing.
ApiCheck complete_update(const broker::TopicConfig& before, broker::TopicConfig& after);

}  // namespace firth::jetstream
