#pragma once
// Runs what ends a process in a process of its own.

#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's, for kill
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "tests/support/catch.h"

// How a child ended, and what it wrote on standard error.
struct ChildEnd {
  int status = 0;  // as waitpid() tells it
  std::string errors;
};

// Forks; the child runs `action` and, if that returns, exits with 0.
template <typename Action>
ChildEnd end_of_child(Action action) {
  int pipe_ends[2];
  REQUIRE(::pipe(pipe_ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(pipe_ends[1], STDERR_FILENO);
    // Catch2 would report the abort that the parent waits for.
    for (const int number : {SIGABRT, SIGTERM, SIGINT}) ::signal(number, SIG_DFL);
    action();
    ::_exit(0);
  }
  ::close(pipe_ends[1]);
  ChildEnd end;
  char buffer[256];
  for (ssize_t count = 0; (count = ::read(pipe_ends[0], buffer, sizeof buffer)) > 0;)
    end.errors.append(buffer, static_cast<std::size_t>(count));
  ::close(pipe_ends[0]);
  REQUIRE(::waitpid(child, &end.status, 0) == child);
  return end;
}

template <typename Action>
void require_check_fails(Action action, const std::string& condition) {
  const ChildEnd end = end_of_child(action);
  REQUIRE(WIFSIGNALED(end.status));
  REQUIRE(WTERMSIG(end.status) == SIGABRT);
  REQUIRE(end.errors.find("check failed: " + condition) != std::string::npos);
}
