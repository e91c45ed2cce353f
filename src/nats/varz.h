// /varz: what monitoring tools of nats-server read, as far as it is true of this server.
#pragma once

#include <string>

#include "nats/face.h"
#include "runtime/shard.h"

namespace firth::nats {

struct VarzFacts {
  runtime::WallTime start;
  runtime::WallTime now;
  std::uint16_t monitoring_port = 0;
  std::string monitoring_host;
  unsigned cores = 1;
  std::uint64_t resident_bytes = 0;  // 0: not known
};

std::string varz_json(const Face& face, const runtime::Shards& shards, const VarzFacts& facts);

}  // namespace firth::nats
