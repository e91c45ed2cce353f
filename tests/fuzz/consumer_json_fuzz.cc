// Any bytes as what clients send to consumers: a create request that is taken is stored and read back the same; pulls and delays stay
// within their ranges.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "jetstream/consumer_json.h"
#include "jetstream/consumer_pull.h"
#include "jetstream/consumer_rules.h"
#include "log/byte_io.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firth;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  if (const auto pull = jetstream::parse_pull_request(body); pull.ok()) {
    FIRTH_ASSERT(pull->batch > 0 && pull->max_bytes >= 0);
    FIRTH_ASSERT(pull->expires.count() >= 0 && pull->idle_heartbeat.count() >= 0);
  }
  FIRTH_ASSERT(jetstream::parse_nak_delay(body).count() >= 0);
  (void)jetstream::parse_list_offset(body);

  auto parsed = jetstream::parse_consumer_request(body);
  if (!parsed.has_value()) return 0;
  broker::ConsumerConfig& config = parsed->config;
  jetstream::fill_consumer_defaults(config);
  if (jetstream::check_consumer(*parsed, broker::stream_defaults()).has_value()) return 0;
  log::ByteWriter stored;
  broker::encode(config, stored);
  const auto again = broker::decode_consumer_config(stored.view());
  FIRTH_ASSERT(again.ok());
  FIRTH_ASSERT(*again == config);
  FIRTH_ASSERT(!jetstream::check_consumer_update(config, *again).has_value());
  return 0;
}
