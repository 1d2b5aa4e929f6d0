#include "runtime/log.h"

#include <fcntl.h>

#include <cstdlib>
#include <thread>
#include <vector>

#include "tests/runtime/child_process.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using runtime::Log;

TEST_CASE("a line carries level, name and text on standard error") {
  const ChildEnd end = end_of_child([] {
    const Log log("p3");
    log.info("{} peers", 4);
    log.warn("slow");
    log.error("gone: {}", "p1");
  });
  REQUIRE(end.status == 0);
  REQUIRE(end.errors.find(" info p3: 4 peers\n") != std::string::npos);
  REQUIRE(end.errors.find(" warning p3: slow\n") != std::string::npos);
  REQUIRE(end.errors.find(" error p3: gone: p1\n") != std::string::npos);
}

TEST_CASE("without a name the text follows the level") {
  const ChildEnd end = end_of_child([] { Log("").info("ready"); });
  REQUIRE(end.errors.find(" info ready\n") != std::string::npos);
}

TEST_CASE("what is written to a pipe is not coloured") {
  const ChildEnd end = end_of_child([] { Log("p0").error("no"); });
  REQUIRE_FALSE(end.errors.empty());
  REQUIRE(end.errors.find('\x1b') == std::string::npos);
}

TEST_CASE("a terminal is coloured, unless NO_COLOR is set") {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(terminal >= 0);
  const ChildEnd end = end_of_child([terminal] {
    ::unsetenv("NO_COLOR");
    if (!runtime::may_colour(terminal)) ::_exit(1);
    ::setenv("NO_COLOR", "", 1);
    if (!runtime::may_colour(terminal)) ::_exit(2);
    ::setenv("NO_COLOR", "1", 1);
    if (runtime::may_colour(terminal)) ::_exit(3);
  });
  ::close(terminal);
  REQUIRE(end.status == 0);
}

TEST_CASE("a pipe may not be coloured") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE_FALSE(runtime::may_colour(ends[1]));
  for (const int end : ends) ::close(end);
}

TEST_CASE("lines go to a file as well, after what it held") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/events.log";
  const ChildEnd end = end_of_child([&path] {
    for (int i = 0; i < 2; ++i) {
      Log log("p0");
      if (!log.also_to(path)) ::_exit(1);
      log.info("line {}", i);
    }
  });
  REQUIRE(end.status == 0);
  REQUIRE(text_of(path).find(" info p0: line 0\n") != std::string::npos);
  REQUIRE(text_of(path).find(" info p0: line 1\n") != std::string::npos);
}

TEST_CASE("a log file that cannot be opened is refused with its name") {
  const TemporaryFolder folder;
  Log log("p0");
  const runtime::Status status = log.also_to(folder.path());
  REQUIRE(status.error().message.find("cannot write the log " + folder.path()) == 0);
}

TEST_CASE("lines of several threads do not mix") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/events.log";
  constexpr int kLines = 200;
  const ChildEnd end = end_of_child([&path] {
    Log log("p0");
    if (!log.also_to(path)) ::_exit(1);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&log] {
        for (int i = 0; i < kLines; ++i) log.info("{:a>40}", "");
      });
    for (std::thread& thread : threads) thread.join();
  });
  REQUIRE(end.status == 0);
  const std::string text = text_of(path);
  std::size_t whole = 0;
  const std::string line = " info p0: " + std::string(40, 'a') + "\n";
  for (std::size_t at = text.find(line); at != std::string::npos; at = text.find(line, at + 1))
    ++whole;
  REQUIRE(whole == 4 * kLines);
}
