// NATS header blocks (ADR-4), the first bytes of a message's payload:
//
//   NATS/1.0[ status[ text]]\r\n          names are case-sensitive, may repeat, keep their order
//   Name: value\r\n                       blanks between ':' and the value are not part of it
//   \r\n
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace firth::broker {

inline constexpr std::string_view kHeaderVersion = "NATS/1.0";
inline constexpr int kStatusNoResponders = 503;

struct HeaderField {
  std::string_view name;
  std::string_view value;
};

// Walks the fields of a block: for (HeaderCursor cursor(block); cursor.next();) use(cursor.field()). Lines without ':' are passed over.
class HeaderCursor {
 public:
  explicit HeaderCursor(std::string_view block);
  bool next();
  const HeaderField& field() const { return field_; }

 private:
  std::string_view rest_;
  HeaderField field_;
};

// The value of the first field of that name. A field without an end of line counts, as in nats-server.
std::optional<std::string_view> find_header(std::string_view block, std::string_view name);

// Starts with the version, each line ends with CR LF and has a name, and an empty line ends it. What clients may publish is not checked.
bool is_well_formed(std::string_view block);

// What follows the version in the first line ("503", "100 Idle Heartbeat", ""), and its number if it begins with one.
std::string_view status_line(std::string_view block);
std::optional<int> status_code(std::string_view block);

// Builds a block: the first line, then fields, then finish().
class HeaderBuilder {
 public:
  HeaderBuilder() : block_(kHeaderVersion) { block_ += "\r\n"; }
  explicit HeaderBuilder(std::string_view status);

  // REQUIRES: is_legal_name(name), is_legal_value(value).
  HeaderBuilder& add(std::string_view name, std::string_view value);
  // The block; the builder is used up.
  std::string finish();

 private:
  std::string block_;
};

// Can stand in a block, and be read back as it was written.
bool is_legal_name(std::string_view name);
bool is_legal_value(std::string_view value);

// The block of the message that a requester gets when nobody listens to `subject`; it has no payload.
std::string no_responders_block(std::string_view subject);

}  // namespace firth::broker
