// Where a config's files and variables come from in the server: the door to the file system, and the process's environment.
#pragma once

#include "cli/config_parser.h"

namespace firth::runtime {
class Files;
}

namespace firth::cli {

// `files` outlives what is returned. Not for more than one thread: the environment is read as it is.
ConfigSources system_sources(runtime::Files& files);

}  // namespace firth::cli
