// The server's own log lines, in nats-server's form: "[pid] 2026/01/02 15:04:05.000000 [INF] text". A line says who (client, account,
// connection id), what (object, operation) and why (text of the error), once, where it is handled.
#pragma once

#include <fmt/core.h>

#include <string_view>

namespace firth {

enum class LogLevel : unsigned char { kTrace, kDebug, kInfo, kWarning, kError, kFatal };

struct LogSettings {
  LogLevel level = LogLevel::kInfo;
  std::string_view file;  // empty: standard error
};

// Called once by main, before the first line.
void configure_log(const LogSettings& settings);
bool log_enabled(LogLevel level);
void write_log(LogLevel level, std::string_view text);
void flush_log();

template <class... Args>
void log_line(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) write_log(level, fmt::vformat(format, fmt::make_format_args(args...)));
}

template <class... Args>
void log_trace(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kTrace, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kDebug, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kInfo, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kWarning, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kError, format, std::forward<Args>(args)...);
}

}  // namespace firth
