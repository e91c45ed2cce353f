// The file form of a SubjectColumn; the layout stands in the header.
#include "base/crc32c.h"
#include "log/byte_io.h"
#include "log/subject_column.h"

namespace firth::log {
namespace {

constexpr std::uint32_t kMagic = 0x31435346;  // "FSC1"
constexpr std::size_t kBlockHeadBytes = 12;   // magic, length, CRC

}  // namespace

SubjectId SubjectColumn::encode_since(Offset offset, SubjectId known_subjects, std::vector<std::byte>& to) const {
  FIRTH_ASSERT(offset >= base_);
  FIRTH_ASSERT(known_subjects <= dictionary_.size());
  const auto subjects = static_cast<SubjectId>(dictionary_.size());
  if (offset >= next_offset()) return subjects;
  ByteWriter body;
  body.fixed(offset.value());
  body.fixed(known_subjects);
  body.fixed(subjects - known_subjects);
  body.fixed(static_cast<std::uint32_t>(next_offset() - offset));
  for (SubjectId id = known_subjects; id < subjects; ++id) {
    body.fixed(static_cast<std::uint32_t>(dictionary_.text(id).size()));
    body.raw(as_bytes(dictionary_.text(id)));
  }
  for (auto index = static_cast<std::size_t>(offset - base_); index < column_.size(); ++index) body.fixed(column_[index]);
  ByteWriter block;
  block.fixed(kMagic);
  block.fixed(static_cast<std::uint32_t>(kBlockHeadBytes + body.size()));
  block.fixed(crc32c(body.view()));
  block.raw(body.view());
  to.insert(to.end(), block.view().begin(), block.view().end());
  return subjects;
}

SubjectColumn::Loaded SubjectColumn::load(Offset base, ByteView file) {
  Loaded loaded{SubjectColumn(base)};
  while (file.size() - loaded.good_bytes >= kBlockHeadBytes) {
    const ByteView block = file.subspan(loaded.good_bytes);
    const auto length = load_le<std::uint32_t>(block.data() + 4);
    if (load_le<std::uint32_t>(block.data()) != kMagic || length < kBlockHeadBytes || length > block.size()) break;
    const ByteView body = block.subspan(kBlockHeadBytes, length - kBlockHeadBytes);
    if (load_le<std::uint32_t>(block.data() + 8) != crc32c(body) || !loaded.column.take_block(body)) break;
    loaded.good_bytes += length;
  }
  return loaded;
}

// False: not what follows. Nothing was taken then: all is checked first.
bool SubjectColumn::take_block(ByteView body) {
  ByteReader reader(body);
  const Offset first(reader.fixed<std::int64_t>());
  const auto known = reader.fixed<std::uint32_t>();
  const auto added = reader.fixed<std::uint32_t>();
  const auto entries = reader.fixed<std::uint32_t>();
  if (!reader.ok() || first != next_offset() || known != dictionary_.size() || added > entries) return false;
  std::vector<std::string_view> texts;
  for (std::uint32_t i = 0; i < added && reader.ok(); ++i) texts.push_back(as_text(reader.raw(reader.fixed<std::uint32_t>())));
  const ByteView ids = reader.rest();
  if (!reader.ok() || ids.size() != std::size_t{entries} * sizeof(SubjectId)) return false;
  SubjectId next_new = known;  // a subject's number first occurs at its first message
  for (std::size_t i = 0; i < entries; ++i) {
    const auto id = load_le<SubjectId>(ids.data() + i * sizeof(SubjectId));
    if (id != kNoSubject && id > next_new) return false;
    next_new += id == next_new;
  }
  if (next_new != known + added) return false;
  for (const std::string_view text : texts) dictionary_.find_or_add(text);
  for (std::size_t i = 0; i < entries; ++i) add(next_offset(), load_le<SubjectId>(ids.data() + i * sizeof(SubjectId)));
  return true;
}

}  // namespace firth::log
