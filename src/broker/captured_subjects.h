// The subjects whose NATS messages a topic stores, whichever face sets them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "broker/catalog_state.h"

namespace firth::broker {

// Valid filters that do not overlap with each other, nor with what the server itself is asked by. kInvalid, in JetStream's words.
Result<void> check_captured_subjects(const TopicConfig& config);

// Some message would be stored by both.
bool capture_overlaps(const TopicConfig& a, const TopicConfig& b);

// Another topic of the account that stores some of what `config` would; nullptr: none. `name`: the topic's own, old or new.
// A view is what was released: it foretells what the catalog will say, which alone decides.
TopicPointer find_subject_overlap(const CatalogView& catalog, std::string_view account, std::string_view name, const TopicConfig& config);

}  // namespace firth::broker
