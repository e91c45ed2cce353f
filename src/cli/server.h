// The running server: its parts, started in order, stopped in reverse.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/core.h"
#include "cli/part.h"

namespace firth::cli {

class Server {
 public:
  explicit Server(const ServerConfig& config);
  ~Server();  // REQUIRES: stopped, or never started

  // When it returns clients may connect: every port is bound, and the pid and ports files are written.
  Result<void> start();
  // Clients are disconnected, tasks are ended, loops are stopped. After a successful start(), once.
  void stop();

 private:
  Result<void> start_parts();
  Result<void> write_files();

  Core core_;
  std::vector<std::unique_ptr<Part>> parts_;  // in the order of their start
  std::size_t started_parts_ = 0;
  std::string ports_file_;
};

}  // namespace firth::cli
