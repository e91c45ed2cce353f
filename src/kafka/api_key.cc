#include "kafka/api_key.h"

#include <iterator>
#include <limits>

namespace firth::kafka {
namespace {

constexpr std::int16_t kNeverFlexible = std::numeric_limits<std::int16_t>::max();

constexpr ApiRow kRows[] = {
#define FIRTH_KAFKA_API(name, key, first_flexible) {ApiKey::k##name, #name, first_flexible},
#include "kafka/apis.def"
#undef FIRTH_KAFKA_API
};

consteval bool rows_are_in_order() {
  std::int16_t key = 0;
  for (const ApiRow& row : kRows)
    if (static_cast<std::int16_t>(row.key) != key++) return false;
  return true;
}
static_assert(rows_are_in_order());  // so that the key is the index

}  // namespace

const ApiRow* api_row(std::int16_t key) {
  const auto index = static_cast<std::size_t>(key);  // a negative one becomes huge
  return index < std::size(kRows) ? &kRows[index] : nullptr;
}

}  // namespace firth::kafka
