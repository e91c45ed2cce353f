// The counters of all shards in the text format of Prometheus.
#pragma once

#include <string>

#include "runtime/shard.h"

namespace firth::http {

std::string metrics_text(const runtime::Shards& shards);
inline constexpr char kMetricsContentType[] = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace firth::http
