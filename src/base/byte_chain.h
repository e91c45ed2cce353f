// ByteChain: bytes in pieces, each held by reference. What a log hands to a socket: one gathering write sends it, nobody copies it into
// one place.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "base/shared_bytes.h"

namespace firth {

class ByteChain {
 public:
  ByteChain() = default;
  explicit ByteChain(SharedBytes piece) { append(std::move(piece)); }

  void append(SharedBytes piece) {
    if (piece.empty()) return;
    size_ += piece.size();
    pieces_.push_back(std::move(piece));
  }
  void append(const ByteChain& other) {
    pieces_.insert(pieces_.end(), other.pieces_.begin(), other.pieces_.end());
    size_ += other.size_;
  }

  // None of them is empty.
  std::span<const SharedBytes> pieces() const { return pieces_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // All in one place: a copy, unless there is one piece only.
  SharedBytes flatten() const {
    if (pieces_.size() == 1) return pieces_.front();
    SharedBytes whole = SharedBytes::allocate(size_);
    std::byte* to = whole.writable().data();
    for (const SharedBytes& piece : pieces_) {
      std::memcpy(to, piece.data(), piece.size());
      to += piece.size();
    }
    return whole;
  }

 private:
  std::vector<SharedBytes> pieces_;
  std::size_t size_ = 0;
};

}  // namespace firth
