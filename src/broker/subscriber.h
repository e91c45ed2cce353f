// Who receives messages: NATS sessions, API handlers, stream captures, links. A subscriber belongs to one shard and is called on its
// thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ids.h"
#include "base/shared_bytes.h"

namespace firth::broker {

using AccountId = StrongInt<struct AccountIdTag, std::uint32_t>;
inline constexpr AccountId kGlobalAccount{0};  // "$G": where everyone is who names no account

// Views of somebody's buffer: valid during the call that they are handed to.
struct Message {
  std::string_view subject;
  std::string_view reply;              // "" is none
  std::uint32_t header_bytes = 0;      // the first bytes of the payload that are headers
  std::string_view payload;            // headers, then body
  const SharedBytes* block = nullptr;  // if there is one, the payload lies in it

  std::string_view headers() const { return payload.substr(0, header_bytes); }
  std::string_view body() const { return payload.substr(header_bytes); }

  // For who keeps a part of the payload: a reference to the block, or a copy if there is none. A reference holds the whole block (up to
  // 256 KB): worth it for large parts, or short times.
  SharedBytes share(std::string_view part) const {
    if (block == nullptr) return SharedBytes::copy(as_bytes(part));
    const auto offset = static_cast<std::size_t>(as_bytes(part).data() - block->data());
    return block->slice(offset, part.size());
  }
};

// What a subscriber says of its own backlog: who publishes to it should wait a little before it goes on.
enum class Pressure : std::uint8_t { kNone, kHigh };

class Subscriber {
 public:
  virtual ~Subscriber() = default;

  // One message for one of its subscriptions; `tag` is what it gave to Router::subscribe. It may subscribe, unsubscribe and publish.
  virtual Pressure deliver(const Message& message, std::uint64_t tag) = 0;
  // A client's connection, not a part of the server: asked when it subscribes.
  virtual bool is_client() const { return false; }
};

}  // namespace firth::broker
