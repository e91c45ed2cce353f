// Group commit: takes the frames that shards hand over, writes all that wait in one vectored write, syncs once, and tells each shard.
// While a sync is under way the next frames gather; a shard also gathers while it has work (shard_log.h). Decision 0001 has the figures.
//
//   shard 0 --submit--\                           /--> on_written, on_committed of shard 0
//   shard 1 --submit---+-> commit thread: write, sync
//                      |                          \--> on_written, on_committed of shard 1
//                      `-> worker: the next journal file
//
// Threads: submit, release and stop from any; all else runs on the commit thread. The journal belongs to it alone.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "log/journal.h"
#include "runtime/executor.h"
#include "runtime/worker_pool.h"

namespace firth::log {

// One per shard; called on its executor.
class CommitClient {
 public:
  virtual ~CommitClient() = default;
  // For the next frames that this client submitted, in its order: from where a scan meets each first.
  virtual void on_written(const std::vector<JournalPosition>& replay_from) = 0;
  // All frames that were reported as written by then are synced.
  virtual void on_committed() = 0;
  virtual void on_failed(const Error& why) = 0;
};

enum class CommitUrgency : std::uint8_t {
  kSync,  // somebody waits for the sync
  kSoon   // nobody does: synced within a second
};

class Committer {
 public:
  struct Surroundings {
    runtime::Files& files;
    runtime::Executor& thread;     // the commit thread: the committer is the only one who posts to it
    runtime::WorkerPool& workers;  // makes journal files ahead
  };
  Committer(Journal journal, std::string journal_directory, const JournalSettings& settings, Surroundings surroundings);

  // Before the first submit.
  std::size_t add_client(CommitClient& client, runtime::Executor& home);

  // The frames stay where they are until on_committed or on_failed.
  void submit(std::size_t client, std::vector<const Frame*> frames, CommitUrgency urgency);
  // Syncs what is written and nobody waits for, and leaves the idle mark: called by a timer, about a second after the last commit.
  void settle();
  // The manifest holds everything below: see Journal::release.
  void release(JournalPosition position);

  // Readable from any thread.
  JournalPosition synced() const { return synced_.load(std::memory_order_acquire); }
  std::uint64_t held_bytes() const { return held_bytes_.load(std::memory_order_relaxed); }
  std::uint64_t sync_count() const { return sync_count_.load(std::memory_order_relaxed); }
  bool failed() const { return failed_.load(std::memory_order_relaxed); }

 private:
  struct Client {
    CommitClient* client;
    runtime::Executor* home;
    bool wrote_in_turn = false;
    std::vector<JournalPosition> replay_from;  // of the turn under way
  };
  struct Submission {
    std::size_t client;
    std::vector<const Frame*> frames;
    CommitUrgency urgency;
  };

  void take(Submission submission);
  void commit();
  Result<void> write_all(const std::vector<Submission>& batch);
  void sync();
  void tell_written();
  void fail(const Error& why);
  void order_spare();
  void publish_marks();

  Journal journal_;
  std::string journal_directory_;
  JournalSettings settings_;
  Surroundings around_;
  std::vector<Client> clients_;
  std::vector<Submission> pending_;
  bool commit_posted_ = false;

  std::atomic<JournalPosition> synced_;
  std::atomic<std::uint64_t> held_bytes_{0};
  std::atomic<std::uint64_t> sync_count_{0};
  std::atomic<bool> failed_{false};
};

}  // namespace firth::log
