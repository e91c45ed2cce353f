#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>

namespace firth {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kInfo};

constexpr std::array<std::string_view, 6> kTags = {"TRC", "DBG", "INF", "WRN", "ERR", "FTL"};

std::shared_ptr<spdlog::logger>& logger() {
  static std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("firth", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::trace);
    made->set_pattern("[%P] %Y/%m/%d %H:%M:%S.%f %v");
    return made;
  }();
  return instance;
}

}  // namespace

void configure_log(const LogSettings& settings) {
  g_level.store(settings.level, std::memory_order_relaxed);
  if (settings.file.empty()) return;
  auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(std::string(settings.file));
  sink->set_pattern("[%P] %Y/%m/%d %H:%M:%S.%f %v");
  logger()->sinks() = {std::move(sink)};
  logger()->flush_on(spdlog::level::trace);
}

bool log_enabled(LogLevel level) { return level >= g_level.load(std::memory_order_relaxed); }

void write_log(LogLevel level, std::string_view text) {
  logger()->log(spdlog::level::info, "[{}] {}", kTags.at(static_cast<unsigned char>(level)), text);
}

void flush_log() { logger()->flush(); }

}  // namespace firth
