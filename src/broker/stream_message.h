// What goes into a stream and what comes out of it, whichever face asks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/shared_bytes.h"

namespace firth::broker {

// A visible message, whoever wrote it.
struct StoredMessage {
  Sequence sequence;
  std::int64_t time_ns = 0;  // since 1970
  std::string subject;
  std::string headers;      // a NATS header block; "" is none
  ByteView payload;         // lies in `bytes`
  bool null_value = false;  // a tombstone; the payload is empty
  SharedBytes bytes;

  // By JetStream's formula for files.
  std::size_t size() const;
};
std::size_t message_size(std::size_t subject_bytes, std::size_t header_bytes, std::size_t payload_bytes);

enum class Rollup : std::uint8_t {
  kNone,
  kSubject,  // earlier messages of the subject go
  kAll,      // all earlier messages go
  kUnknown   // what the publisher asked for is none of these: refused
};

// Views are read during the call.
struct PublishRequest {
  std::string_view subject;
  std::string_view headers;  // a NATS header block; "" is none
  std::string_view payload;
  bool null_value = false;      // null_value.h; the payload is empty
  std::string_view message_id;  // "" is none
  Rollup rollup = Rollup::kNone;

  // What must hold, or nothing is stored.
  std::optional<Sequence> expected_last;
  std::optional<Sequence> expected_last_of_subject;
  std::string_view expected_subject;  // a filter; "": the message's own subject
  std::optional<std::string_view> expected_last_id;
};

enum class Refusal : std::uint8_t {
  kNone,
  kWrongLastSequence,  // `last` is the right one
  kWrongLastId,        // `text` is the right one
  kMessageTooLarge,
  kFull,         // discard new: maximum messages
  kFullBytes,    // ... maximum bytes
  kFullSubject,  // ... maximum messages per subject
  kSealed,
  kRollupDenied,  // not permitted by the config, or unknown: `text` says it
  kBehind,        // the disk is behind, and the log takes nothing before it has caught up
  kStorage,       // `text` says why: the log took nothing
};

struct PublishOutcome {
  Sequence sequence;  // of the message, or of the original
  bool duplicate = false;
  Refusal refusal = Refusal::kNone;
  Sequence last;
  std::string text;
};
// Called once, on the stream's shard, when everything that the outcome was decided from is released.
using Published = std::move_only_function<void(const PublishOutcome&)>;

struct StreamCounts {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;  // by JetStream's formula
  Sequence first;           // last + 1 if there is none
  Sequence last;            // of the last one that there ever was
  std::uint64_t subjects = 0;
};

}  // namespace firth::broker
