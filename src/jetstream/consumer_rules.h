// What a consumer's config must satisfy, in the order in which the real server reports it, and what it fills in before.
#pragma once

#include "broker/consumer_config.h"
#include "broker/topic_config.h"
#include "jetstream/api_errors.h"
#include "jetstream/consumer_json.h"

namespace firth::jetstream {

// How a request names its consumer: CONSUMER.CREATE.<stream>[.<name>[.<filter>]] or CONSUMER.DURABLE.CREATE.<stream>.<name>.
struct ConsumerAddress {
  enum class Form : std::uint8_t { kEphemeral, kNamed, kDurable };
  Form form = Form::kNamed;
  std::string_view stream, name, filter;
};
// Whether the request fits to it; gives the config the name that it says. An ephemeral one may still have none.
ApiCheck check_address(const ConsumerAddress& address, ConsumerRequest& request);

void fill_consumer_defaults(broker::ConsumerConfig& config);
ApiCheck check_consumer(const ConsumerRequest& request, const broker::TopicConfig& stream);
// What may not change once the consumer exists.
ApiCheck check_consumer_update(const broker::ConsumerConfig& before, const broker::ConsumerConfig& after);

}  // namespace firth::jetstream
