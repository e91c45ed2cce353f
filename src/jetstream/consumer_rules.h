// What a consumer's config must satisfy, in the order in which the real server reports it, and what it fills in before.
#pragma once

#include "broker/consumer_config.h"
#include "broker/topic_config.h"
#include "jetstream/consumer_error.h"

namespace firth::jetstream {

void fill_consumer_defaults(broker::ConsumerConfig& config);
ConsumerCheck check_consumer(const broker::ConsumerConfig& config, const broker::TopicConfig& stream);
// What may not change once the consumer exists.
ConsumerCheck check_consumer_update(const broker::ConsumerConfig& before, const broker::ConsumerConfig& after);
// A consumer's name, durable or not.
bool is_consumer_name(std::string_view name);

}  // namespace firth::jetstream
