#include "tests/sim/files.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/system_error.h"

namespace firth::sim {

using runtime::system_error;

namespace {

bool matches(Operation wanted, Operation operation) {
  if (wanted == Operation::kAnyChange) return operation != Operation::kRead;
  if (wanted != Operation::kAnySync) return wanted == operation;
  return operation == Operation::kSyncData || operation == Operation::kSyncDirectory || operation == Operation::kSyncFilesystem;
}

// As files_linux.cc names them.
std::string_view verb(Operation operation) {
  switch (operation) {
    case Operation::kRead:
      return "read";
    case Operation::kWrite:
      return "write";
    case Operation::kSyncData:
      return "sync";
    case Operation::kSyncDirectory:
      return "sync directory";
    case Operation::kSyncFilesystem:
      return "sync filesystem of";
    case Operation::kTruncate:
      return "truncate";
    default:
      return "change";
  }
}

}  // namespace

// One operation: observed and counted against the faults on the way in; its stall is spent on the way out, when nothing is locked.
class Files::Entry {
 public:
  Entry(Files& files, Operation operation, std::string_view path, std::uint64_t position = 0, std::uint64_t length = 0)
      : files_(files), operation_(operation), path_(path) {
    if (files_.observer_) files_.observer_(operation, path, position, length);
    lock_ = std::unique_lock(files_.mutex_);
    if (!files_.halted_) effect_ = files_.effect_of(operation, path);
  }
  ~Entry() {
    const auto stall = std::exchange(files_.owed_stall_, {});
    lock_.unlock();
    if (stall.count() > 0 && files_.spend_) files_.spend_(stall);
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  std::optional<Effect> effect() const { return effect_; }
  bool stopped() const { return files_.halted_ && effect_ != Effect::kHalt; }  // before this operation began

  // The answer of an operation that an effect makes fail as a whole.
  Result<void> admitted() const {
    if (stopped()) return system_error(verb(operation_), path_, ESHUTDOWN);
    if (!effect_) return {};
    return system_error(verb(operation_), path_, *effect_ == Effect::kNoSpace ? ENOSPC : EIO);
  }

 private:
  Files& files_;
  Operation operation_;
  std::string_view path_;
  std::unique_lock<std::mutex> lock_;
  std::optional<Effect> effect_;
};

class Files::OpenFile final : public runtime::File {
 public:
  enum class Kind { kReadOnly, kReadWrite, kLock };

  OpenFile(Files& files, NodePointer node, std::string path, Kind kind)
      : files_(files), node_(std::move(node)), path_(std::move(path)), kind_(kind), life_(files.life_) {}
  ~OpenFile() override {
    if (kind_ != Kind::kLock) return;
    const std::lock_guard lock(files_.mutex_);
    if (life_ == files_.life_) std::erase(files_.locks_, path_);
  }

  Result<std::size_t> read_at(std::uint64_t position, MutableBytes out) const override {
    const Entry entry(files_, Operation::kRead, path_, position, out.size());
    FIRTH_CHECK(usable(entry));
    const std::size_t count = node_->content.read(position, out);
    if (count > 0) files_.reads_.push_back({path_, position, count});
    return count;
  }

  Result<void> write_at(std::uint64_t position, std::span<const ByteView> parts) override {
    std::uint64_t total = 0;
    for (const ByteView part : parts) total += part.size();
    const Entry entry(files_, Operation::kWrite, path_, position, total);
    if (life_ != files_.life_ || entry.stopped()) return usable(entry);
    if (kind_ == Kind::kReadOnly) return system_error("write", path_, EBADF);
    ++files_.counters_.write_at;

    std::uint64_t allowed = total;
    if (entry.effect() == Effect::kShort || entry.effect() == Effect::kHalt) allowed = files_.random_.below(total + 1);
    if (entry.effect() == Effect::kError || entry.effect() == Effect::kNoSpace) allowed = 0;
    const std::uint64_t room = files_.room_for(*node_);
    const bool full = position + allowed > room;
    if (full) allowed = room > position ? room - position : 0;
    write_parts(position, parts, allowed);
    if (entry.effect()) return entry.admitted();
    if (full) return system_error("write", path_, ENOSPC);
    return {};
  }

  Result<void> sync_data() override {
    const Entry entry(files_, Operation::kSyncData, path_);
    if (life_ == files_.life_ && !entry.stopped()) ++files_.counters_.sync_data;
    if (life_ == files_.life_ && entry.effect() == Effect::kError) node_->content.settle(files_.random_, files_.neighbours_);
    FIRTH_CHECK(usable(entry));
    node_->content.sync();
    return {};
  }

  void start_writeout(std::uint64_t, std::uint64_t) override {  // a hint: what lose_power() may keep, it may keep anyway
    const std::lock_guard lock(files_.mutex_);
    ++files_.counters_.start_writeout;
  }

  Result<std::uint64_t> size() const override {
    const std::lock_guard lock(files_.mutex_);
    if (life_ != files_.life_) return dead();
    return node_->content.size();
  }

  Result<void> truncate(std::uint64_t size) override {
    const Entry entry(files_, Operation::kTruncate, path_, size);
    FIRTH_CHECK(usable(entry));
    if (kind_ == Kind::kReadOnly) return system_error("truncate", path_, EBADF);
    if (size > files_.room_for(*node_)) return system_error("truncate", path_, ENOSPC);
    files_.resize(*node_, size);
    return {};
  }

 private:
  Error dead() const { return Error{Errc::kStorage, path_ + ": was opened by a process that is dead"}; }
  Result<void> usable(const Entry& entry) const {
    if (life_ != files_.life_) return dead();
    return entry.admitted();
  }

  void write_parts(std::uint64_t position, std::span<const ByteView> parts, std::uint64_t allowed) {
    if (allowed > 0) files_.resize(*node_, std::max(node_->content.size(), position + allowed));
    files_.counters_.written_bytes += allowed;
    for (const ByteView part : parts) {
      const std::size_t count = std::min<std::uint64_t>(part.size(), allowed);
      node_->content.write(position, part.first(count));
      position += count;
      allowed -= count;
    }
  }

  Files& files_;
  NodePointer node_;
  std::string path_;
  Kind kind_;
  std::uint64_t life_;
};

Files::Files(std::uint64_t seed, Neighbours neighbours) : random_(seed), neighbours_(neighbours) {}
Files::~Files() = default;

std::optional<Effect> Files::effect_of(Operation operation, std::string_view path) {
  std::optional<Effect> result;
  for (Armed& armed : faults_) {
    const Fault& fault = armed.fault;
    if (!matches(fault.operation, operation) || path.find(fault.path_contains) == std::string_view::npos) continue;
    ++armed.seen;
    if (armed.seen < fault.nth || armed.seen - fault.nth >= fault.times) continue;
    ++counters_.faults;
    if (fault.effect == Effect::kStall) {
      owed_stall_ += fault.stall;
    } else if (!result) {
      result = fault.effect;
    }
  }
  if (result == Effect::kHalt) halted_ = true;
  return result;
}

std::uint64_t Files::room_for(const Node& node) const {
  if (!node.is_linked) return space_bytes_;
  return node.content.size() + (space_bytes_ > used_bytes_ ? space_bytes_ - used_bytes_ : 0);
}

void Files::resize(Node& node, std::uint64_t size) {
  if (node.is_linked) used_bytes_ = used_bytes_ - node.content.size() + size;
  node.content.truncate(size);
}

Result<std::unique_ptr<runtime::File>> Files::open(std::string_view path, runtime::OpenMode mode) {
  const Entry entry(*this, Operation::kNames, path);
  FIRTH_CHECK(entry.admitted());
  const bool may_create = mode == runtime::OpenMode::kCreate || mode == runtime::OpenMode::kCreateOrReplace;
  const Names::Place place = names_.find(path);
  if (place.directory == nullptr) return system_error("open", path, ENOENT);
  NodePointer node = place.node;
  if (node == nullptr) {
    if (!may_create) return system_error("open", path, ENOENT);
    node = std::make_shared<Node>();
    names_.link(place, node);
  } else if (node->is_directory) {
    return system_error("open", path, EISDIR);
  } else if (mode == runtime::OpenMode::kCreate) {
    return system_error("open", path, EEXIST);
  } else if (mode == runtime::OpenMode::kCreateOrReplace) {
    resize(*node, 0);
  }
  const auto kind = mode == runtime::OpenMode::kRead ? OpenFile::Kind::kReadOnly : OpenFile::Kind::kReadWrite;
  return std::unique_ptr<runtime::File>(std::make_unique<OpenFile>(*this, std::move(node), normal_path(path), kind));
}

Result<std::unique_ptr<runtime::File>> Files::lock(std::string_view path) {
  const Entry entry(*this, Operation::kNames, path);
  FIRTH_CHECK(entry.admitted());
  const std::string normal = normal_path(path);
  const Names::Place place = names_.find(path);
  if (place.directory == nullptr) return system_error("lock", path, ENOENT);
  if (std::ranges::find(locks_, normal) != locks_.end()) return Error{Errc::kUnavailable, "lock " + normal + ": another process holds it"};
  NodePointer node = place.node;
  if (node == nullptr) {
    node = std::make_shared<Node>();
    names_.link(place, node);
  }
  locks_.push_back(normal);
  return std::unique_ptr<runtime::File>(std::make_unique<OpenFile>(*this, std::move(node), normal, OpenFile::Kind::kLock));
}

Result<void> Files::rename(std::string_view from, std::string_view to) {
  const Entry entry(*this, Operation::kNames, from);
  FIRTH_CHECK(entry.admitted());
  const Names::Place source = names_.find(from);
  const Names::Place target = names_.find(to);
  const auto refused = [&](int error_number) { return system_error("rename", std::string(from).append(" to ").append(to), error_number); };
  if (source.node == nullptr || target.directory == nullptr) return refused(ENOENT);
  if (source.node == target.node) return {};
  const std::string below = normal_path(from) + '/';
  if (normal_path(to).starts_with(below)) return refused(EINVAL);
  if (target.node != nullptr) {
    if (target.node->is_directory != source.node->is_directory) return refused(target.node->is_directory ? EISDIR : ENOTDIR);
    if (!target.node->cached.empty()) return refused(ENOTEMPTY);
    if (target.node->is_linked) used_bytes_ -= target.node->content.size();
  }
  names_.move(source, target);
  return {};
}

Result<void> Files::remove(std::string_view path) {
  const Entry entry(*this, Operation::kNames, path);
  FIRTH_CHECK(entry.admitted());
  const Names::Place place = names_.find(path);
  if (place.node == nullptr) return system_error("remove", path, ENOENT);
  if (place.name.empty()) return system_error("remove", path, EBUSY);
  if (!place.node->cached.empty()) return system_error("remove", path, ENOTEMPTY);
  if (place.node->is_linked) used_bytes_ -= place.node->content.size();
  names_.unlink(place);
  return {};
}

Result<void> Files::make_directory(std::string_view path) {
  const Entry entry(*this, Operation::kNames, path);
  FIRTH_CHECK(entry.admitted());
  const Names::Place place = names_.find(path);
  if (place.directory == nullptr) return system_error("make directory", path, ENOENT);
  if (place.node != nullptr) {
    if (place.node->is_directory) return {};
    return system_error("make directory", path, EEXIST);
  }
  auto node = std::make_shared<Node>();
  node->is_directory = true;
  names_.link(place, std::move(node));
  return {};
}

Result<void> Files::sync_directory(std::string_view path) {
  const Entry entry(*this, Operation::kSyncDirectory, path);
  if (!entry.stopped()) ++counters_.sync_directory;
  FIRTH_CHECK(entry.admitted());  // after a failure its names wait for the next sync: where they fail, the file system stops
  const Names::Place place = names_.find(path);
  if (place.node == nullptr) return system_error("open", path, ENOENT);
  if (!place.node->is_directory) return system_error("open", path, ENOTDIR);
  names_.sync(place.node);
  return {};
}

void Files::settle_below(Node& node) {
  if (!node.is_directory) return node.content.settle(random_, neighbours_);
  for (const auto& [name, below] : node.cached) settle_below(*below);
}

Result<void> Files::sync_filesystem(std::string_view path) {
  const Entry entry(*this, Operation::kSyncFilesystem, path);
  if (!entry.stopped()) ++counters_.sync_filesystem;
  // The error is that of files below the path: what others wrote is told to those who sync it. Names wait as they do above.
  if (entry.effect() == Effect::kError && names_.find(path).node != nullptr) settle_below(*names_.find(path).node);
  FIRTH_CHECK(entry.admitted());
  if (names_.find(path).node == nullptr) return system_error("sync filesystem of", path, ENOENT);
  names_.sync_all();
  for (const NodePointer& file : names_.files()) file->content.sync();
  return {};
}

Result<std::vector<runtime::DirectoryEntry>> Files::list(std::string_view path) {
  const Entry entry(*this, Operation::kRead, path);
  FIRTH_CHECK(entry.admitted());
  const Names::Place place = names_.find(path);
  if (place.node == nullptr) return system_error("list", path, ENOENT);
  if (!place.node->is_directory) return system_error("list", path, ENOTDIR);
  std::vector<runtime::DirectoryEntry> result;
  for (const auto& [name, node] : place.node->cached) result.push_back({name, node->is_directory});
  return result;
}

Result<bool> Files::exists(std::string_view path) {
  const Entry entry(*this, Operation::kRead, path);
  FIRTH_CHECK(entry.admitted());
  return names_.find(path).node != nullptr;
}

Result<std::uint64_t> Files::free_bytes(std::string_view path) {
  const std::lock_guard lock(mutex_);
  if (names_.find(path).node == nullptr) return system_error("ask for free space of", path, ENOENT);
  return space_bytes_ > used_bytes_ ? space_bytes_ - used_bytes_ : 0;
}

}  // namespace firth::sim
