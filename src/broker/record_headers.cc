#include "broker/record_headers.h"

#include <algorithm>
#include <span>

#include "broker/header_block.h"

namespace firth::broker {

namespace {

using Headers = std::span<const RecordHeader>;

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool needs_encoding(unsigned char c) { return c <= ' ' || c >= 0x7F || c == '%' || c == '=' || c == ':'; }

void append_encoded(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!needs_encoding(byte)) {
      out += c;
      continue;
    }
    out += '%';
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
}

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const std::size_t high = kHexDigits.find(text[i + 1]);
    const std::size_t low = kHexDigits.find(text[i + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

bool fits_a_block(const RecordHeader& header) {
  return header.value && header.name != kBlockHeader && header.name != kEscapedHeader && is_legal_name(header.name) &&
         is_legal_value(*header.value);
}

std::string escape(const RecordHeader& header) {
  std::string out;
  append_encoded(out, header.name);
  if (header.value) {
    out += '=';
    append_encoded(out, *header.value);
  }
  return out;
}

// Only what escape() makes of a header that needs it: anything else with that name is a field like others.
std::optional<RecordHeader> unescape(std::string_view text) {
  const std::size_t separator = text.find('=');
  auto name = decode(text.substr(0, separator));
  if (!name) return std::nullopt;
  RecordHeader header{std::move(*name), std::nullopt};
  if (separator != std::string_view::npos) {
    header.value = decode(text.substr(separator + 1));
    if (!header.value) return std::nullopt;
  }
  if (fits_a_block(header) || escape(header) != text) return std::nullopt;
  return header;
}

std::vector<RecordHeader> read_fields(std::string_view block) {
  std::vector<RecordHeader> headers;
  for (HeaderCursor cursor(block); cursor.next();) {
    const auto& [name, value] = cursor.field();
    if (name == kEscapedHeader) {
      if (auto header = unescape(value)) {
        headers.push_back(std::move(*header));
        continue;
      }
    }
    headers.push_back({std::string(name), std::string(value)});
  }
  return headers;
}

std::string usual_block(Headers headers) {
  if (headers.empty()) return {};
  HeaderBuilder builder;
  for (const RecordHeader& header : headers) {
    if (fits_a_block(header)) builder.add(header.name, *header.value);
    else builder.add(kEscapedHeader, escape(header));
  }
  return builder.finish();
}

std::string block_of(Headers headers);

// The last header is the block itself: it holds the fields before it, and they alone would have given another block. Both are needed for
// the way back. The recursion is shallow: a block that holds a block in a field is at least three times as long.
bool is_block_header(const RecordHeader& last, Headers before) {
  if (last.name != kBlockHeader || !last.value || last.value->empty()) return false;
  return std::ranges::equal(read_fields(*last.value), before) && block_of(before) != *last.value;
}

std::string block_of(Headers headers) {
  if (headers.empty()) return {};
  if (is_block_header(headers.back(), headers.first(headers.size() - 1))) return *headers.back().value;
  return usual_block(headers);
}

}  // namespace

std::vector<RecordHeader> to_record_headers(std::string_view block) {
  std::vector<RecordHeader> headers = read_fields(block);
  if (block_of(headers) != block) headers.push_back({std::string(kBlockHeader), std::string(block)});
  return headers;
}

std::string to_block(const std::vector<RecordHeader>& headers) { return block_of(headers); }

}  // namespace firth::broker
