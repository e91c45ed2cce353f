// The command line, as nats-server's: flags, then the config file that they name, then the flags again over it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/config_parser.h"
#include "cli/server_config.h"

namespace firth::cli {

struct Invocation {
  bool run = false;  // start the server with `config`; else print and exit
  int exit_code = 0;
  std::string out;                    // for standard output
  std::string err;                    // for standard error
  ServerConfig config;                // hosts that were left open are those of `listen`
  std::string config_file;            // "" is none
  std::vector<std::string> warnings;  // for the log
};

// `arguments` begins with the program's name: invoked as nats-server, it answers -v with that server's version.
Invocation interpret_command_line(std::span<const std::string_view> arguments, const ConfigSources& sources);

}  // namespace firth::cli
