#include "log/committer.h"

#include <utility>

#include "base/log.h"

namespace firth::log {

Committer::Committer(Journal journal, std::string journal_directory, const JournalSettings& settings, Surroundings surroundings)
    : journal_(std::move(journal)),
      journal_directory_(std::move(journal_directory)),
      settings_(settings),
      around_(surroundings),
      synced_(journal_.synced()) {
  publish_marks();
}

std::size_t Committer::add_client(CommitClient& client, runtime::Executor& home) {
  clients_.push_back({.client = &client, .home = &home, .replay_from = {}});
  return clients_.size() - 1;
}

void Committer::submit(std::size_t client, std::vector<const Frame*> frames, CommitUrgency urgency) {
  around_.thread.post([this, submission = Submission{client, std::move(frames), urgency}]() mutable { take(std::move(submission)); });
}

// What was posted before the commit runs is in its batch: the executor keeps the order.
void Committer::take(Submission submission) {
  pending_.push_back(std::move(submission));
  if (std::exchange(commit_posted_, true)) return;
  around_.thread.post([this] { commit(); });
}

void Committer::commit() {
  commit_posted_ = false;
  const std::vector<Submission> batch = std::exchange(pending_, {});
  if (auto written = write_all(batch); !written.ok()) return fail(written.error());
  tell_written();
  bool wanted = false;
  for (const Submission& submission : batch) wanted |= submission.urgency == CommitUrgency::kSync;
  if (wanted) sync();
  else journal_.start_writeout();
  order_spare();
  publish_marks();
}

Result<void> Committer::write_all(const std::vector<Submission>& batch) {
  std::vector<const Frame*> frames;
  for (const Submission& submission : batch) frames.insert(frames.end(), submission.frames.begin(), submission.frames.end());
  std::vector<JournalPosition> replay_from;
  FIRTH_CHECK(journal_.write(frames, replay_from));
  auto next = replay_from.begin();
  for (const Submission& submission : batch) {
    const auto end = next + static_cast<std::ptrdiff_t>(submission.frames.size());
    clients_[submission.client].replay_from.insert(clients_[submission.client].replay_from.end(), next, end);
    next = end;
  }
  return {};
}

void Committer::tell_written() {
  for (Client& client : clients_) {
    if (client.replay_from.empty()) continue;
    client.wrote_in_turn = true;
    client.home->post([to = client.client, replay_from = std::exchange(client.replay_from, {})] { to->on_written(replay_from); });
  }
}

void Committer::sync() {
  if (auto synced = journal_.sync(); !synced.ok()) return fail(synced.error());
  sync_count_.fetch_add(1, std::memory_order_relaxed);
  for (Client& client : clients_)
    if (std::exchange(client.wrote_in_turn, false)) client.home->post([to = client.client] { to->on_committed(); });
}

void Committer::settle() {
  around_.thread.post([this] {
    if (journal_.failed()) return;
    if (journal_.synced() < journal_.written() && !journal_.wants_idle_mark()) sync();
    if (!journal_.failed() && journal_.wants_idle_mark())
      if (auto marked = journal_.write_idle_mark(); !marked.ok()) return fail(marked.error());
    publish_marks();
  });
}

void Committer::release(JournalPosition position) {
  around_.thread.post([this, position] {
    journal_.release(position);
    publish_marks();
  });
}

void Committer::order_spare() {
  auto order = journal_.take_spare_order();
  if (!order.has_value()) return;
  auto made = std::make_shared<Result<JournalFile>>(Error{Errc::kUnavailable, "not made"});
  around_.workers.submit(
      [this, made, order = *order] {
        *made =
            make_journal_file(around_.files, journal_directory_, order.start, settings_.file_bytes, JournalSpace::kWritten, order.recycle);
      },
      around_.thread,
      [this, made] {
        if (made->ok()) journal_.add_spare(*std::move(*made));
        else log_warning("journal {}: the next file could not be made ahead: {}", journal_directory_, made->error().text);
      });
}

void Committer::fail(const Error& why) {
  failed_.store(true, std::memory_order_relaxed);
  for (const Client& client : clients_) client.home->post([to = client.client, why] { to->on_failed(why); });
}

void Committer::publish_marks() {
  synced_.store(journal_.synced(), std::memory_order_release);
  held_bytes_.store(journal_.held_bytes(), std::memory_order_relaxed);
}

}  // namespace firth::log
