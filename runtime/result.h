#pragma once
// Expected failures are values: a file that is missing, a message that does not parse, a port that
// is taken.

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "runtime/check.h"

namespace runtime {

// Why something could not be done: who, what, expected and got, in one line for a person.
struct Error {
  std::string message;
};

// Either a T or the Error that stands in its way. Reading the wrong one is a bug and ends the
// process.
template <typename T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): `return value;`
  Result(T value) : state_(std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): `return Error{...};`
  Result(Error error) : state_(std::move(error)) {}

  [[nodiscard]] bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] T& value() & {
    CHECK(ok());
    return *std::get_if<T>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    CHECK(ok());
    return *std::get_if<T>(&state_);
  }
  [[nodiscard]] T&& value() && {
    CHECK(ok());
    return std::move(*std::get_if<T>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const {
    const Error* error = std::get_if<Error>(&state_);
    CHECK(error != nullptr);
    return *error;
  }

 private:
  std::variant<T, Error> state_;
};

// The outcome of an action that has no value to hand back: done, or the Error that stood in its
// way.
class [[nodiscard]] Status {
 public:
  Status() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): `return Error{...};`
  Status(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const {
    CHECK(!ok());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace runtime
