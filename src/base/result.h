// Result<T>: a value, or an Error that says what the caller can do (code) and what a person must know (text, naming object and numbers).
// Protocol error codes are chosen from Errc in one place per face; nothing below a face knows one.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/assert.h"

namespace firth {

enum class Errc : unsigned char {
  kInvalid,      // the request makes no sense as it stands: correct it
  kNotFound,     // the object does not exist
  kExists,       // an object of that name exists
  kConflict,     // a precondition (expected sequence, epoch, state) does not hold
  kLimit,        // a configured limit is reached
  kNoSpace,      // the disk is below its reserve: delete something
  kStorage,      // the machine failed (I/O): retrying here does not help
  kCorrupt,      // stored bytes are damaged: fenced, reported, kept
  kUnsupported,  // known, but not served
  kUnavailable,  // not now (starting, stopping, stalled): retry later
  kCancelled,    // the caller asked for it
  kDenied,       // not permitted
};

std::string_view to_string(Errc code);

struct Error {
  Errc code;
  std::string text;
};

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::move(value)) {}  // NOLINT(google-explicit-constructor): `return value;`
  Result(Error error) : state_(std::unexpected(std::move(error))) {}

  explicit operator bool() const { return state_.has_value(); }
  bool ok() const { return state_.has_value(); }

  T& operator*() & { return checked(); }
  const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
  T&& operator*() && { return std::move(checked()); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

  const Error& error() const& { return state_.error(); }
  Error&& error() && { return std::move(state_).error(); }

 private:
  T& checked() {
    FIRTH_ASSERT(state_.has_value());
    return *state_;
  }
  std::expected<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : state_(std::unexpected(std::move(error))) {}

  explicit operator bool() const { return state_.has_value(); }
  bool ok() const { return state_.has_value(); }
  void operator*() const { FIRTH_ASSERT(state_.has_value()); }

  const Error& error() const& { return state_.error(); }
  Error&& error() && { return std::move(state_).error(); }

 private:
  std::expected<void, Error> state_;
};

}  // namespace firth

#define FIRTH_CONCAT_(a, b) a##b
#define FIRTH_CONCAT(a, b) FIRTH_CONCAT_(a, b)

// FIRTH_TRY(auto x, f());  declares x, or returns f's error. FIRTH_CHECK(f());  for Result<void>. FIRTH_CO_TRY, FIRTH_CO_CHECK in
// coroutines.
#define FIRTH_TRY_IMPL(result, declaration, expression, leave) \
  auto result = (expression);                                  \
  if (!result.ok()) leave std::move(result).error();           \
  declaration = *std::move(result)
#define FIRTH_TRY(declaration, expression) FIRTH_TRY_IMPL(FIRTH_CONCAT(firth_result_, __LINE__), declaration, expression, return)
#define FIRTH_CO_TRY(declaration, expression) FIRTH_TRY_IMPL(FIRTH_CONCAT(firth_result_, __LINE__), declaration, expression, co_return)
#define FIRTH_CHECK(expression)                                                                          \
  do {                                                                                                   \
    if (auto firth_checked = (expression); !firth_checked.ok()) return std::move(firth_checked).error(); \
  } while (false)
#define FIRTH_CO_CHECK(expression)                                                                          \
  do {                                                                                                      \
    if (auto firth_checked = (expression); !firth_checked.ok()) co_return std::move(firth_checked).error(); \
  } while (false)
