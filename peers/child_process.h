#pragma once
// A program run as a child: the launcher's peers.

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.h"

namespace peers {

struct ChildOptions {
  std::filesystem::path program;
  std::vector<std::string> arguments;  // without the program's name
  std::filesystem::path error_file;    // where its standard error goes
};

// In a process group of its own, so that a terminal's Ctrl-C reaches the parent alone, which passes
// it on once. Its standard input stays open as long as this object lives: its end tells the child
// that the parent is gone.
class ChildProcess {
 public:
  [[nodiscard]] static runtime::Result<ChildProcess> start(const ChildOptions& options);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();  // kills what still runs, and waits for it

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int output() const {
    return output_;
  }  // to poll; closed once read_lines() has seen the end
  bool write(
      std::string_view text);  // to its standard input; false where it does not listen any more

  // Whole lines that have arrived; does not wait.
  [[nodiscard]] std::vector<std::string> read_lines();

  // How it ended, once it has: as a shell reports it (128 + signal where a signal ended it).
  [[nodiscard]] std::optional<int> exit_status();
  void send_signal(int number);

 private:
  ChildProcess(pid_t pid, int input, int output) : pid_(pid), input_(input), output_(output) {}
  void close_ends();

  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string partial_;
  std::optional<int> status_;
};

}  // namespace peers
