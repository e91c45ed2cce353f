#include "broker/null_value.h"

#include <vector>

#include "broker/header_block.h"
#include "broker/record_headers.h"

namespace firth::broker {
namespace {

std::string with_field(std::string block, std::string_view name, std::string_view value) {
  if (block.empty()) return HeaderBuilder().add(name, value).finish();
  constexpr std::string_view kLineEnd = "\r\n";
  if (block.ends_with(kLineEnd)) block.resize(block.size() - kLineEnd.size());
  block += name;
  block += ": ";
  block += value;
  return block += "\r\n\r\n";
}

}  // namespace

std::string mark_null_value(std::string block, Keeps keeps) {
  const bool in_bucket = keeps == Keeps::kKeys;
  if (find_header(block, in_bucket ? kOperationHeader : kNullValueHeader).has_value()) return block;
  return in_bucket ? with_field(std::move(block), kOperationHeader, "DEL") : with_field(std::move(block), kNullValueHeader, "true");
}

bool asks_for_null_value(std::string_view block, Keeps keeps) {
  return find_header(block, keeps == Keeps::kKeys ? kOperationHeader : kNullValueHeader).has_value();
}

// A block in an unusual form is kept as it is, mark and all: taken apart it could not be put together again.
std::string without_null_mark(std::string_view block) {
  std::vector<RecordHeader> headers = to_record_headers(block);
  if (headers.empty() || headers.back().name == kBlockHeader) return std::string(block);
  std::erase_if(headers, [](const RecordHeader& header) { return header.name == kNullValueHeader; });
  return to_block(headers);
}

}  // namespace firth::broker
