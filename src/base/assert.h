// FIRTH_ASSERT: facts about our own code, checked in every build. A broken one prints what, where and the recent trace, then aborts:
// a process that no longer knows its own state must not acknowledge anything. Never assert what a client, a file or a peer can cause.
#pragma once

namespace firth {

[[noreturn]] void assertion_failed(const char* fact, const char* file, int line) noexcept;

}  // namespace firth

#define FIRTH_ASSERT(fact) (__builtin_expect(static_cast<bool>(fact), 1) ? void(0) : ::firth::assertion_failed(#fact, __FILE__, __LINE__))

// For checks that a measurement showed to cost: present in debug and sanitizer builds only.
#ifdef NDEBUG
#define FIRTH_DASSERT(fact) void(0)
#else
#define FIRTH_DASSERT(fact) FIRTH_ASSERT(fact)
#endif
