// ErrorCode: Kafka's error codes by name. Their texts, and how our own errors become one of them, are in kafka/errors.h.
#pragma once

#include <cstdint>

namespace firth::kafka {

enum class ErrorCode : std::int16_t {
#define FIRTH_KAFKA_ERROR(name, code, wire_name, retry, text) name = code,
#include "kafka/errors.def"
#undef FIRTH_KAFKA_ERROR
};

}  // namespace firth::kafka
