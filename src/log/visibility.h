// Which records of a segment exist for a reader: not those that are erased, not those below the partition's first sequence.
#pragma once

#include "log/erased_set.h"

namespace firth::log {

struct Visibility {
  const ErasedSet* erased = nullptr;  // null: none
  Offset hidden_below{0};

  bool hides(Offset offset) const { return offset < hidden_below || (erased != nullptr && erased->contains(offset)); }
  bool hides_all(OffsetRange range) const {
    if (range.first < hidden_below) range.first = hidden_below;
    return range.first >= range.end || (erased != nullptr && erased->covers(range));
  }
  bool hides_some(OffsetRange range) const { return range.first < hidden_below || (erased != nullptr && erased->intersects(range)); }
};

}  // namespace firth::log
