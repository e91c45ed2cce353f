#include "broker/captured_subjects.h"

#include <gtest/gtest.h>

namespace firth::broker {
namespace {

TEST(CapturedSubjects, AreCheckedAsAStreamsAre) {
  const struct {
    std::vector<std::string> subjects;
    bool no_ack;
    std::string_view refusal;
  } rows[] = {
      {{}, false, ""},
      {{"a"}, false, ""},
      {{"a.*", "b.>", "$KV.b.>"}, false, ""},
      {{""}, false, "invalid subject"},
      {{"a..b"}, false, "invalid subject"},
      {{"a.>.b"}, false, "invalid subject"},
      {{"a b"}, false, "invalid subject"},
      {{"$JS.API.>"}, false, "subjects that overlap with jetstream api require no-ack to be true"},
      {{"$JS.EVENT.x"}, false, ""},
      {{"$SYS.x"}, false, "subjects that overlap with system api require no-ack to be true"},
      {{"$SYS.ACCOUNT.x"}, false, ""},
      {{"*.x"}, false, "subjects that overlap with jetstream api require no-ack to be true"},
      {{"*.x"}, true, ""},
      {{">"}, false, "capturing all subjects requires no-ack to be true"},
      {{">"}, true, ""},
      {{"a", "a"}, false, "subject \"a\" overlaps with \"a\""},
      {{"a.*", "x", "a.b"}, false, "subject \"a.*\" overlaps with \"a.b\""},
  };
  for (const auto& row : rows) {
    TopicConfig config;
    config.subjects = row.subjects;
    config.no_ack = row.no_ack;
    const Result<void> checked = check_captured_subjects(config);
    EXPECT_EQ(checked.ok() ? "" : checked.error().text, row.refusal) << (row.subjects.empty() ? "" : row.subjects.back());
  }
}

TEST(CapturedSubjects, BelongToOneTopicOfAnAccount) {
  Topic orders;
  orders.id.bytes[0] = std::byte{1};
  orders.account = kDefaultAccount;
  orders.name = "orders.eu";
  orders.config.subjects = {"orders.eu.>"};
  CatalogState state;
  state.apply(CatalogState::put_command(orders));
  TopicConfig config;
  config.subjects = {"x", "orders.*.new"};
  const auto found = [&](std::string_view account, std::string_view name) {
    const TopicPointer other = find_subject_overlap(state.view(), account, name, config);
    return other == nullptr ? std::string() : other->name;
  };
  EXPECT_EQ(found(kDefaultAccount, "another"), "orders.eu");
  EXPECT_EQ(found(kDefaultAccount, "orders_eu"), "") << "its own subjects, under the stream's name";
  EXPECT_EQ(found("B", "another"), "") << "accounts do not meet";
  config.subjects = {"orders.eu"};
  EXPECT_EQ(found(kDefaultAccount, "another"), "");
}

}  // namespace
}  // namespace firth::broker
