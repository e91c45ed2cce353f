#include "nats/message_line.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "broker/queue_pick.h"
#include "nats/delivery_limit.h"
#include "nats/errors.h"

namespace firth::nats {
namespace {

std::string write(const MessageLine& line) {
  std::string out(message_line_bound(line), '?');
  const auto written = static_cast<std::size_t>(write_message_line(out.data(), line) - out.data());
  EXPECT_LE(written, out.size());
  return out.substr(0, written);
}

TEST(MessageLine, WritesMsgAndHmsg) {
  EXPECT_EQ(write({.subject = "a", .sid = "1"}), "MSG a 1 0\r\n");
  EXPECT_EQ(write({.subject = "a.b", .sid = "12", .reply = "r.1", .total_bytes = 105}), "MSG a.b 12 r.1 105\r\n");
  EXPECT_EQ(write({.subject = "a", .sid = "1", .header_bytes = 12, .total_bytes = 14}), "HMSG a 1 12 14\r\n");
  EXPECT_EQ(write({.subject = "a", .sid = "1", .reply = "r", .header_bytes = 4294967295, .total_bytes = 4294967295}),
            "HMSG a 1 r 4294967295 4294967295\r\n");
}

// UNSUB sid max, as nats-server 2.15.2 counts.
TEST(DeliveryLimit, CountsFromTheFirstMessage) {
  using Verdict = DeliveryLimit::Verdict;
  DeliveryLimit limit;
  EXPECT_FALSE(limit.set(2));
  EXPECT_EQ(limit.count(), Verdict::kDeliver);
  EXPECT_EQ(limit.count(), Verdict::kDeliverLast);

  DeliveryLimit late;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(late.count(), Verdict::kDeliver);
  EXPECT_FALSE(late.set(5));
  EXPECT_FALSE(late.set(4));
  EXPECT_EQ(late.count(), Verdict::kDeliverLast);
  EXPECT_TRUE(late.set(4));
  EXPECT_TRUE(late.set(0));
  EXPECT_TRUE(late.set(-1));
  EXPECT_EQ(late.delivered(), 4);
}

TEST(QueuePick, IsFair) {
  broker::QueuePick pick(99);
  EXPECT_EQ(pick.below(1), 0u);
  std::vector<int> picked(4);
  for (int i = 0; i < 40'000; ++i) ++picked.at(pick.below(4));
  for (const int count : picked) EXPECT_NEAR(count, 10'000, 500);
}

TEST(ProtocolErrors, AreTheTextsThatClientsMatch) {
  EXPECT_EQ(error_line(ProtocolError::kUnknownOperation), "-ERR 'Unknown Protocol Operation'\r\n");
  EXPECT_EQ(error_line(ProtocolError::kMaximumControlLine), "-ERR 'maximum control line exceeded'\r\n");
  EXPECT_EQ(error_line(ProtocolError::kMalformedArguments), "");
  EXPECT_EQ(fate_of(ProtocolError::kMaximumPayload), Fate::kCloses);
  EXPECT_EQ(fate_of(ProtocolError::kInvalidSubject), Fate::kStays);
  EXPECT_EQ(fate_of(ProtocolError::kMaximumSubscriptions), Fate::kStays);
  EXPECT_EQ(name_of(ProtocolError::kStaleConnection), "StaleConnection");
  EXPECT_EQ(error_line(publish_violation("a.b")), "-ERR 'Permissions Violation for Publish to \"a.b\"'\r\n");
  EXPECT_EQ(reply_violation("r"), "Permissions Violation for Publish with Reply of \"r\"");
  EXPECT_EQ(subscription_violation("a", ""), "Permissions Violation for Subscription to \"a\"");
  EXPECT_EQ(subscription_violation("a", "q"), "Permissions Violation for Subscription to \"a\" using queue \"q\"");
}

}  // namespace
}  // namespace firth::nats
