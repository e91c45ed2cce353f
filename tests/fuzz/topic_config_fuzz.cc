// Any text as any setting of a topic, as a Kafka client gives it: refused, or a config that the catalog stores and reads back the same,
// and whose value reads as what is set again.
// Input: the setting, the origin, then the text.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "broker/topic_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firth::broker;
  if (size < 2) return 0;
  const ConfigField& field = config_fields()[data[0] % config_fields().size()];
  TopicConfig config = data[1] % 2 == 0 ? kafka_defaults() : stream_defaults();
  if (!field.set(config, {reinterpret_cast<const char*>(data) + 2, size - 2}).ok()) return 0;
  const auto stored = decode_topic_config(encode(config));
  FIRTH_ASSERT(stored.ok());
  FIRTH_ASSERT(*stored == config);
  (void)partition_settings(*stored);
  TopicConfig again = config;
  FIRTH_ASSERT(field.set(again, field.get(config)).ok());
  FIRTH_ASSERT(again == config);
  return 0;
}
