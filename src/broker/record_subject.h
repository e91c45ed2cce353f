// The key of a record and the subject of a message (docs/one-log.md, "Subject and key"): what each face calls the same thing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "broker/topic.h"
#include "log/batch_header.h"
#include "log/byte_io.h"

namespace firth::broker {

class RecordSubject {
 public:
  RecordSubject() = default;  // of no stream
  RecordSubject(const Topic& topic, PartitionIndex partition);

  // What subject_of needs, for who has the records and no topic; check() is not for what was decoded. The reader says if it failed.
  void encode(log::ByteWriter& to) const;
  static RecordSubject decode(log::ByteReader& from);
  // Whether every record has the same subject by both.
  bool is_same_mapping(const RecordSubject& other) const;

  // Of a message that was published to `subject`: the subject, without the bucket's prefix.
  std::string_view key_of(std::string_view subject) const;
  // Of a stored record.
  std::string subject_of(const log::BatchView& batch, const std::optional<ByteView>& key) const;
  // Of a record that a Kafka client sends. kInvalid, naming the rule, if it is none of this stream's.
  Result<std::string> check(const std::optional<ByteView>& key) const;
  // Each record that a Kafka client writes has a subject that one of them takes.
  std::vector<std::string> filters() const;

  // The prefix "$KV.b." of a bucket's subjects; "" if the topic is none.
  const std::string& bucket_prefix() const { return prefix_; }

 private:
  std::string from_template(const std::optional<ByteView>& key) const;

  Origin origin_ = Origin::kKafka;
  std::string prefix_;
  std::string only_subject_;  // if the stream has one subject and it is literal
  std::vector<std::string> subjects_;
  std::string template_;  // with topic and partition filled in
};

}  // namespace firth::broker
