#include "http/metrics.h"

#include <fmt/core.h>

namespace firth::http {

std::string metrics_text(const runtime::Shards& shards) {
  std::string text;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    const CounterInfo& row = kCounterInfo[i];
    text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", row.metric, row.help,
                        row.kind == CounterKind::kTotal ? "counter" : "gauge", shards.sum(static_cast<Counter>(i)));
  }
  return text;
}

}  // namespace firth::http
