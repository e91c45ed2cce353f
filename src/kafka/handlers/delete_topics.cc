// DeleteTopics, by name or by id: the topic goes with its partitions, and what is made anew under its name has another id.
#include "kafka/handlers/delete_topics.h"

#include "kafka/errors.h"

namespace firth::kafka {
namespace {

runtime::Task<DeleteTopicsResponseTopic> remove(const Context& context, DeleteTopicsRequestTopic wanted) {
  DeleteTopicsResponseTopic answer;
  answer.name = wanted.name;
  answer.topic_id = wanted.topic_id;
  if (wanted.name.has_value() && !wanted.topic_id.is_zero()) {
    answer.error_code = ErrorCode::kInvalidRequest;
    answer.error_message = "You may not specify both topic name and topic id.";
    co_return answer;
  }
  const broker::TopicPointer topic = wanted.name.has_value() ? context.topic(*wanted.name) : context.topic(wanted.topic_id);
  if (topic == nullptr) {
    answer.error_code = wanted.name.has_value() ? ErrorCode::kUnknownTopicOrPartition : ErrorCode::kUnknownTopicId;
    co_return answer;
  }
  answer.name = topic->name;
  answer.topic_id = topic->id;
  if (const Result<void> done = co_await context.broker.broker().delete_topic(context.broker, topic->id); !done.ok()) {
    answer.error_code = done.error().code == Errc::kNotFound ? ErrorCode::kUnknownTopicOrPartition : to_kafka(done.error().code);
    answer.error_message = done.error().text;
  }
  co_return answer;
}

}  // namespace

runtime::Task<DeleteTopicsResponse> DeleteTopics::handle(const Context& context, DeleteTopicsRequest request) {
  DeleteTopicsResponse response;
  for (const std::string& name : request.topic_names) response.topics.push_back(co_await remove(context, {.name = name, .topic_id = {}}));
  for (const auto& topic : request.topics) response.topics.push_back(co_await remove(context, topic));
  co_return response;
}

}  // namespace firth::kafka
