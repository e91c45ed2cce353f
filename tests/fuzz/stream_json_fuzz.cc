// Any bytes as the body of STREAM.CREATE and UPDATE, of a stream and of a topic that Kafka made: refused with an error, or a config that
// the catalog stores and reads back the same.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "jetstream/stream_json.h"
#include "jetstream/stream_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firth;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const broker::TopicConfig& defaults : {broker::stream_defaults(), broker::kafka_defaults()}) {
    auto request = jetstream::parse_stream_request(body, defaults);
    if (!request.has_value() || jetstream::complete_stream(request->name, request->config).has_value()) continue;
    const auto stored = broker::decode_topic_config(broker::encode(request->config));
    FIRTH_ASSERT(stored.ok());
    FIRTH_ASSERT(*stored == request->config);
    auto update = jetstream::parse_stream_request(body, jetstream::update_base(request->config));
    FIRTH_ASSERT(update.has_value());
    (void)jetstream::complete_update(request->config, update->config).has_value();
  }
  return 0;
}
