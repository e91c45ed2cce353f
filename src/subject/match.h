// How filters relate to subjects and to each other. One pass over both, no allocation. Many filters against one subject: interest_trie.h.
#pragma once

#include <string_view>

namespace firth::subject {

// `filter` takes `subject`, whose own '*' and '>' are ordinary tokens here. A subject with an empty token is taken by no filter.
bool matches(std::string_view filter, std::string_view subject);

// Some subject is taken by both. REQUIRES: both are valid filters.
bool overlaps(std::string_view a, std::string_view b);

// Every subject that `inner` takes is taken by `outer`. REQUIRES: both are valid filters.
bool is_subset(std::string_view inner, std::string_view outer);

}  // namespace firth::subject
