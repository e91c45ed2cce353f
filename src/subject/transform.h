// Subject transforms, as in nats-server's mappings, streams and republish: "orders.*.*" -> "o.$2.{{partition(8,1)}}".
// Functions: $N, wildcard(N), partition(n[,N...]), split(N,delimiter), splitfromleft/right(N,position), slicefromleft/right(N,size),
// left/right(N,length), random(n); N counts the source's '*' from 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace firth::subject {

// FNV-1a, 32 bits: what partition() hashes with. Clients compute it too, so it can never change.
std::uint32_t fnv1a(std::string_view text);

class Transform {
 public:
  enum class Use : unsigned char {
    kMapping,  // every function is allowed
    kImport,   // must be reversible: only wildcard(), and each wildcard is used
  };

  // source "" is ">"; destination "" changes nothing. kInvalid: with nats-server's text.
  static Result<Transform> make(std::string_view source, std::string_view destination, Use use);

  // nullopt: `subject` is not literal, or the source does not take it. `random` is what random() is made from.
  std::optional<std::string> apply(std::string_view subject, std::uint32_t random) const;

  const std::string& source() const { return source_; }
  const std::string& destination() const { return destination_; }

  enum class Function : unsigned char {
    kNone,
    kWildcard,
    kPartition,
    kSplit,
    kSplitFromLeft,
    kSplitFromRight,
    kSliceFromLeft,
    kSliceFromRight,
    kLeft,
    kRight,
    kRandom
  };
  // One token of the destination.
  struct Part {
    Function function = Function::kNone;
    std::string text;                     // kNone: the token; kSplit: the delimiter
    std::vector<std::int64_t> wildcards;  // as written; after make(): indices of source tokens
    std::int32_t number = 0;              // of partitions, a position, a size, a length, a bound
  };

 private:
  std::string source_;
  std::string destination_;
  std::vector<Part> parts_;
  std::size_t source_tokens_ = 0;
};

}  // namespace firth::subject
