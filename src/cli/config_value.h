// The value tree of a config file: what was written and where.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace firth::cli {

// As nats-server counts: lines from 1; columns from 0 in the first line, from 1 in others.
struct ConfigPosition {
  std::shared_ptr<const std::string> file;
  int line = 0;
  int column = 0;
};

struct ConfigValue;
struct ConfigField;
using ConfigArray = std::vector<ConfigValue>;
using ConfigMap = std::vector<ConfigField>;

struct ConfigDateTime {
  std::string text;  // "2006-01-02T15:04:05Z"
};

struct ConfigValue {
  std::variant<bool, std::int64_t, double, std::string, ConfigDateTime, ConfigArray, ConfigMap> data;
  ConfigPosition position;  // of the key; of the element in an array
};

struct ConfigField {
  std::string key;  // as written; keys are compared in any case
  ConfigValue value;
  bool used_as_variable = false;
};

// "file:line:column"
std::string to_string(const ConfigPosition& position);
// "a string", "an integer" ...: for error texts.
std::string_view kind_of(const ConfigValue& value);

}  // namespace firth::cli
