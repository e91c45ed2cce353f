// Whatever a client sends as the arguments of CONNECT is read or refused.
#include <cstdint>
#include <string_view>

#include "nats/connect_options.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  firth::nats::ConnectOptions options;
  static_cast<void>(firth::nats::read_connect({reinterpret_cast<const char*>(data), size}, options).ok());
  return 0;
}
