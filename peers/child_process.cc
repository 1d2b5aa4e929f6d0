#include "peers/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's, for kill
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace peers {
namespace {

void close_if_open(int& end) {
  if (end >= 0) ::close(end);
  end = -1;
}

struct Pipe {
  int read = -1;
  int write = -1;
  bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
  void close() {
    close_if_open(read);
    close_if_open(write);
  }
};

// What the child does between fork and exec: its three standard streams and a process group of its
// own.
class SpawnPlan {
 public:
  SpawnPlan(const Pipe& input, const Pipe& output, const std::filesystem::path& error_file) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, input.read, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output.write, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, error_file.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  int spawn(pid_t& pid, const ChildOptions& options) {
    std::string program = options.program.string();
    std::vector<std::string> words = options.arguments;
    std::vector<char*> pointers{program.data()};
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, pointers.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

int as_shell_status(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace

runtime::Result<ChildProcess> ChildProcess::start(const ChildOptions& options) {
  Pipe input;
  Pipe output;
  if (!input.open() || !output.open()) {
    const std::string reason = std::strerror(errno);
    input.close();
    return runtime::Error{"cannot make a pipe: " + reason};
  }
  pid_t pid = -1;
  const int failure = SpawnPlan(input, output, options.error_file).spawn(pid, options);
  close_if_open(input.read);
  close_if_open(output.write);
  if (failure != 0) {
    input.close();
    output.close();
    return runtime::Error{
        fmt::format("cannot start {}: {}", options.program.string(), std::strerror(failure))};
  }
  ::fcntl(output.read, F_SETFL, O_NONBLOCK);
  return ChildProcess(pid, input.write, output.read);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      input_(std::exchange(other.input_, -1)),
      output_(std::exchange(other.output_, -1)),
      partial_(std::move(other.partial_)),
      status_(other.status_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(input_, other.input_);
  std::swap(output_, other.output_);
  std::swap(partial_, other.partial_);
  std::swap(status_, other.status_);
  return *this;
}

ChildProcess::~ChildProcess() {
  close_ends();
  if (pid_ < 0 || exit_status()) return;
  ::kill(pid_, SIGKILL);
  int ignored = 0;
  while (::waitpid(pid_, &ignored, 0) < 0 && errno == EINTR) continue;
}

void ChildProcess::close_ends() {
  close_if_open(input_);
  close_if_open(output_);
}

bool ChildProcess::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(input_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::vector<std::string> ChildProcess::read_lines() {
  std::array<char, 65536> buffer{};
  while (output_ >= 0) {
    const ssize_t count = ::read(output_, buffer.data(), buffer.size());
    if (count > 0) partial_.append(buffer.data(), static_cast<std::size_t>(count));
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) close_if_open(output_);
    if (count <= 0) break;
  }
  std::vector<std::string> lines;
  for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n')) {
    lines.push_back(partial_.substr(0, end));
    partial_.erase(0, end + 1);
  }
  return lines;
}

std::optional<int> ChildProcess::exit_status() {
  int wait_status = 0;
  if (!status_ && pid_ >= 0 && ::waitpid(pid_, &wait_status, WNOHANG) == pid_)
    status_ = as_shell_status(wait_status);
  return status_;
}

void ChildProcess::send_signal(int number) {
  if (pid_ >= 0 && !exit_status()) ::kill(pid_, number);
}

}  // namespace peers
