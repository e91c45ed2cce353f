#include "http/metrics.h"

#include <fmt/core.h>

namespace firth::http {

namespace {

std::string memory_text(const runtime::MemoryGovernor& memory) {
  std::string text = fmt::format(
      "# HELP firth_memory_budget_bytes What clients can make the server hold.\n# TYPE firth_memory_budget_bytes gauge\n"
      "firth_memory_budget_bytes {}\n"
      "# HELP firth_memory_bytes What is held of it, by kind.\n# TYPE firth_memory_bytes gauge\n",
      memory.budget_bytes());
  for (const runtime::MemoryKind kind : runtime::kMemoryKinds)
    text += fmt::format("firth_memory_bytes{{kind=\"{}\"}} {}\n", to_string(kind), memory.used_bytes(kind));
  text += "# HELP firth_memory_refusals_total Times that the budget was passed, by kind.\n# TYPE firth_memory_refusals_total counter\n";
  for (const runtime::MemoryKind kind : runtime::kMemoryKinds)
    text += fmt::format("firth_memory_refusals_total{{kind=\"{}\"}} {}\n", to_string(kind), memory.refusals(kind));
  return text;
}

}  // namespace

std::string metrics_text(const runtime::Shards& shards) {
  std::string text;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    const CounterInfo& row = kCounterInfo[i];
    text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", row.metric, row.help,
                        row.kind == CounterKind::kTotal ? "counter" : "gauge", shards.sum(static_cast<Counter>(i)));
  }
  return text + memory_text(shards.memory());
}

}  // namespace firth::http
