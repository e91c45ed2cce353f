// ApiKey: the APIs that Kafka has, by name, whether we serve them or not (what is served is what has a handler).
#pragma once

#include <cstdint>
#include <string_view>

namespace firth::kafka {

enum class ApiKey : std::int16_t {
#define FIRTH_KAFKA_API(name, key, first_flexible) k##name = key,
#include "kafka/apis.def"
#undef FIRTH_KAFKA_API
};

struct ApiRow {
  ApiKey key;
  std::string_view name;
  std::int16_t first_flexible;
};

// nullptr: Kafka has no such API.
const ApiRow* api_row(std::int16_t key);

}  // namespace firth::kafka
