#include "runtime/result.h"

#include <memory>
#include <string>

#include "tests/runtime/child_process.h"
#include "tests/support/catch.h"

using runtime::Error;
using runtime::Result;
using runtime::Status;

TEST_CASE("a status is fine until it carries an error") {
  const Status fine;
  REQUIRE(fine.ok());
  const Status failed = Error{"port 4700 is taken"};
  REQUIRE_FALSE(failed.ok());
  REQUIRE(failed.error().message == "port 4700 is taken");
}

TEST_CASE("a result holds its value") {
  const Result<int> seven = 7;
  REQUIRE(seven);
  REQUIRE(*seven == 7);
  REQUIRE(seven.value() == 7);
}

TEST_CASE("a result holds its error") {
  const Result<int> nothing = Error{"no such file"};
  REQUIRE_FALSE(nothing);
  REQUIRE(nothing.error().message == "no such file");
}

TEST_CASE("a result's value can be changed in place and moved out") {
  Result<std::unique_ptr<std::string>> text = std::make_unique<std::string>("a");
  (*text)->append("b");
  const std::unique_ptr<std::string> out = std::move(text).value();
  REQUIRE(*out == "ab");
}

TEST_CASE("a result of a text tells value from error") {
  const Result<std::string> text = std::string("fine");
  REQUIRE(text.ok());
  REQUIRE(text->size() == 4);
}

TEST_CASE("reading the value of a failed result ends the process") {
  require_check_fails([] { (void)Result<int>(Error{"x"}).value(); }, "ok()");
}

TEST_CASE("reading the error of a good result ends the process") {
  require_check_fails([] { (void)Result<int>(7).error(); }, "error != nullptr");
  require_check_fails([] { (void)Status().error(); }, "!ok()");
}
