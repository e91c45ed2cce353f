#include "kafka/writer.h"

#include <algorithm>
#include <limits>

namespace firth::kafka {
namespace {

// Below this a copy is cheaper than one more piece in the gathering write and one more reference count.
constexpr std::size_t kLeastReferencedBytes = 512;

}  // namespace

void Writer::grow(std::size_t bytes) {
  capacity_ = std::max(capacity_ * 2, used_ + bytes);
  SharedBytes larger = SharedBytes::allocate(capacity_);
  if (used_ != 0) std::memcpy(larger.writable().data(), bytes_, used_);
  block_ = std::move(larger);
  bytes_ = block_.writable().data();
}

void Writer::append(ByteView bytes) {
  if (bytes.empty()) return;
  std::memcpy(room(bytes.size()), bytes.data(), bytes.size());
  used_ += bytes.size();
}

void Writer::write_string_length(std::int64_t length) {
  if (flexible_) write_varint(static_cast<std::uint32_t>(length + 1));
  else write(static_cast<std::int16_t>(length));
}

void Writer::write_length(std::int64_t length) {
  if (length > std::numeric_limits<std::int32_t>::max()) return fail(CodecError::kElements);
  if (flexible_) write_varint(static_cast<std::uint32_t>(length + 1));
  else write(static_cast<std::int32_t>(length));
}

void Writer::write(std::string_view text) {
  if (text.size() > kMaxStringBytes) return fail(CodecError::kStringLength);
  write_string_length(static_cast<std::int64_t>(text.size()));
  append(as_bytes(text));
}

void Writer::refer(const SharedBytes& bytes) {
  if (bytes.size() < kLeastReferencedBytes) return append(bytes.view());
  referenced_bytes_ += bytes.size();
  references_.push_back({.position = used_, .bytes = bytes});
}

void Writer::write(const SharedBytes& bytes) {
  write_length(static_cast<std::int64_t>(bytes.size()));
  refer(bytes);
}

void Writer::write(const ByteChain& bytes) {
  write_length(static_cast<std::int64_t>(bytes.size()));
  for (const SharedBytes& piece : bytes.pieces()) refer(piece);
}

Writer::Tag Writer::begin_tag(std::uint32_t number) {
  write_varint(number);
  return {.used = used_, .size = size(), .references = references_.size()};
}

// The length is known only now, and is itself one to five bytes: the field moves up by them. Tagged fields are few and short.
void Writer::end_tag(const Tag& tag) {
  const std::size_t length = size() - tag.size;
  const std::size_t prefix = varint_size(length);
  room(prefix);
  std::byte* const field = bytes_ + tag.used;
  std::memmove(field + prefix, field, used_ - tag.used);
  put_varint(field, length);
  used_ += prefix;
  for (std::size_t i = tag.references; i < references_.size(); ++i) references_[i].position += prefix;
}

void Writer::patch_int32(std::size_t position, std::int32_t value) {
  FIRTH_ASSERT(position + sizeof value <= used_);
  FIRTH_ASSERT(references_.empty() || references_.front().position >= position + sizeof value);
  store_be(bytes_ + position, value);
}

ByteChain Writer::finish() && {
  ByteChain chain;
  std::size_t from = 0;
  for (Reference& reference : references_) {
    chain.append(block_.slice(from, reference.position - from));
    from = reference.position;
    chain.append(std::move(reference.bytes));
  }
  chain.append(block_.slice(from, used_ - from));
  return chain;
}

}  // namespace firth::kafka
