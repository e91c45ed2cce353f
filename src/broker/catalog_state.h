// The catalog's state: every topic of every account. A piece of the catalog's own partition; it changes only by released commands, in
// order, and hands out immutable views that shards read without asking.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "broker/topic.h"
#include "log/piece.h"

namespace firth::broker {

using TopicPointer = std::shared_ptr<const Topic>;

// What a shard knows of the catalog at one moment. Immutable.
class CatalogView {
 public:
  // By exact name; nullptr if there is none.
  TopicPointer find(std::string_view account, std::string_view name) const;
  TopicPointer find(const TopicId& id) const;
  // The topic whose name collides with this one, itself included.
  TopicPointer find_collision(std::string_view account, std::string_view name) const;

  // Sorted by account, then by name with '.' as '_'.
  const std::map<std::pair<std::string, std::string>, TopicPointer>& by_name() const { return by_name_; }
  const std::map<TopicId, TopicPointer>& by_id() const { return by_id_; }
  std::uint64_t version() const { return version_; }

 private:
  friend class CatalogState;
  std::map<std::pair<std::string, std::string>, TopicPointer> by_name_;
  std::map<TopicId, TopicPointer> by_id_;
  std::uint64_t version_ = 0;
};

class CatalogState final : public log::Piece {
 public:
  // Commands, as acts on the piece.
  static std::vector<std::byte> put_command(const Topic& topic);
  static std::vector<std::byte> remove_command(const TopicId& id);

  void apply(ByteView command) override;
  SharedBytes encode() const override;
  Result<void> restore(ByteView bytes) override;

  const CatalogView& view() const { return view_; }

 private:
  void put(Topic topic);
  void remove(const TopicId& id);

  CatalogView view_;
};

}  // namespace firth::broker
