#pragma once
// CHECK(condition): what must hold if our own code is right. A failure is a bug, so it says where
// and ends the process. What the outside world can get wrong is a runtime::Result instead.

namespace runtime {

// Prints "file:line: check failed: condition" on standard error and aborts. Never returns.
[[noreturn]] void fail_check(const char* file, int line, const char* condition);

}  // namespace runtime

#define CHECK(condition)                                                     \
  do {                                                                       \
    if (!(condition)) ::runtime::fail_check(__FILE__, __LINE__, #condition); \
  } while (false)
